"""The numbers of Tests/Data/ScenesTests: SplitMix64 (Steele, Lea and Flood, 2014) with the seeding of Sources/Data/Scenes/SceneRandom.swift.

    python3 Tests/References/scene_random.py

First checked: the generator itself against the published first outputs for state 1234567.
"""
MASK = (1 << 64) - 1


def step(state):
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = state
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return state, z ^ z >> 31


def outputs(state, count):
    values = []
    for _ in range(count):
        state, value = step(state)
        values.append(value)
    return values


def stream(seed, scene):
    return outputs(step(step(scene)[1] ^ seed)[1], 3)


assert outputs(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]
for seed, scene in [(1, 0), (1, 1), (20261123, 7)]:
    print(seed, scene, stream(seed, scene))

"""Prints the images that --sample N --seed S takes of COUNT: the golden of COCOTests/SelectionTests.

usage: python3 Tests/References/selection_reference.py COUNT N SEED
"""
import sys

MASK = (1 << 64) - 1


def split_mix_64(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        value = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
        yield value ^ (value >> 31)


def sample(count, wanted, seed):
    numbers, positions = split_mix_64(seed), list(range(count))
    for index in range(min(wanted, count)):
        bound = count - index
        value = next(numbers)
        while value >= (1 << 64) - (1 << 64) % bound:
            value = next(numbers)
        other = index + value % bound
        positions[index], positions[other] = positions[other], positions[index]
    return sorted(positions[: min(wanted, count)])


print(sample(*map(int, sys.argv[1:])))

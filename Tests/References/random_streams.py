"""The numbers of Tests/System/RandomTests: SplitMix64 (Steele, Lea and Flood, 2014) with the streams of Sources/System/Random.

    python3 Tests/References/random_streams.py

First checked: the generator itself against the published first outputs for state 1234567.
"""
MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed, stream=None):
        self.state = seed
        if stream is not None:
            mixed = self.next() ^ stream * 0xD1342543DE82EF95 & MASK
            self.state = SplitMix64(mixed).next()

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return z ^ z >> 31

    def index(self, count):
        while True:
            value = self.next()
            if value < (1 << 64) - (1 << 64) % count:
                return value % count

    def shuffled(self, count):
        items = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.index(last + 1)
            items[last], items[other] = items[other], items[last]
        return items


generator = SplitMix64(1234567)
assert [generator.next() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]
for seed, stream in [(1, 0), (1, 1), (20261123, 7)]:
    generator = SplitMix64(seed, stream)
    print("stream", seed, stream, [generator.next() for _ in range(3)])
# A quarter of the draws is thrown away.
generator = SplitMix64(5)
print("indices below 6 << 60", [generator.index(6 << 60) for _ in range(6)])
print("shuffled", SplitMix64(9).shuffled(12))

"""The logarithm, exponential and cosine of many numbers to 50 digits, rounded once: what CKernels/elementary.c is measured by.

usage: elementary.py > elementary.json          (the reference that the tests read)
       elementary.py LIBRARY COUNT              (largest error of a shared library's captioneer_log, _exp and _cos, in units
                                                 in the last place, over COUNT random numbers each)

Plain Python: the decimal module's ln and exp, and the cosine's series with a pi of Machin's formula."""
import ctypes
import json
import math
import random
import sys
from decimal import Decimal, getcontext

getcontext().prec = 60


def arctan_of_inverse(n):
    term = total = Decimal(1) / n
    k = 1
    while abs(term) > Decimal(10) ** -62:
        term = -term / (n * n)
        k += 2
        total += term / k
    return total


PI = 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))


def cosine(x):
    r = Decimal(x) - 2 * PI * int(Decimal(x) / (2 * PI))
    term = total = Decimal(1)
    k = 0
    while abs(term) > Decimal(10) ** -58:
        k += 2
        term = -term * r * r / (k * (k - 1))
        total += term
    return total


EXACT = {"log": lambda x: Decimal(x).ln(), "exp": lambda x: Decimal(x).exp(), "cos": cosine}


def points(name, count, source):
    """Random numbers over the range that is promised, and those where it is hard."""
    if name == "log":
        hard = [1.0, math.nextafter(1, 0), math.nextafter(1, 2), 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
                math.sqrt(0.5), math.sqrt(2), math.nextafter(math.sqrt(0.5), 0), 0.5, 2.0, 1 - 2.0 ** -53]
        found = [source.random() for _ in range(count // 2)] + [math.ldexp(1 + source.random(), source.randint(-1022, 1023))
                                                                for _ in range(count // 4)]
        return hard + found + [1 + (source.random() - 0.5) * 2.0 ** -source.randint(0, 40) for _ in range(count - len(found))]
    if name == "exp":
        hard = [0.0, -0.0, 709.78, -708.3, -745.1, 1e-300, 1e-17, math.log(2) / 2, -math.log(2) / 2, 1.0, -1.0]
        return hard + [(source.random() * 2 - 1) * (700 if k % 2 else 8) for k in range(count)]
    hard = [0.0, math.pi, math.pi / 2, math.pi / 4, 3 * math.pi / 2, 2 * math.pi, -math.pi / 2, 1e-9, 1048576.0, -1048575.5]
    hard += [k * math.pi / 2 for k in (5, 11, 35, 1001, 65537)]
    return hard + [2 * math.pi * source.random() if k % 4 else (source.random() * 2 - 1) * 1048576 for k in range(count)]


def main():
    source = random.Random(9)
    if len(sys.argv) == 1:
        table = {name: [[x.hex(), float(exact(x)).hex()] for x in points(name, 300, source)] for name, exact in EXACT.items()}
        print("{" + ",\n".join('"%s": [\n%s]' % (name, ",\n".join(json.dumps(row) for row in rows)) for name, rows in table.items()) + "}")
        return
    library = ctypes.CDLL(sys.argv[1])
    for name, exact in EXACT.items():
        function = getattr(library, "captioneer_" + name)
        function.argtypes, function.restype = [ctypes.c_double], ctypes.c_double
        errors = []
        for x in points(name, int(sys.argv[2]), source):
            wanted = exact(x)
            error = abs(Decimal(function(x)) - wanted) / Decimal(math.ulp(float(wanted)))
            errors.append((float(error), x))
        print(name, "%.4f units in the last place at %s; not the nearest: %d of %d" % (
            *max(errors), sum(error > 0.5 for error, _ in errors), len(errors)))


main()

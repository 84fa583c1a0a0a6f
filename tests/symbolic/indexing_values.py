#!/usr/bin/python3
"""Writes indexing_values.txt: what NumPy makes of random indices; read by indexing_test.cpp.

A line: shape of x | items | shape of x[items] | x[items] | x after x[items] = y | x after np.add.at(x, items, y), where x
counts from 0 and y counts from 100 in the shape of x[items]. Items: i2 a position, s1:-1:2 a range, n a new axis, e an
ellipsis, t2,3:0,1,... a tensor of positions, m3:1,0,1 a mask.
"""
import numpy as np

rng = np.random.default_rng(20)


def text(values):
    return ",".join(str(int(v)) for v in np.ravel(values))


def random_range(length):
    pick = lambda: None if rng.random() < 0.3 else int(rng.integers(-length - 2, length + 3))
    return slice(pick(), pick(), int(rng.choice([1, 1, 2, 3, -1, -2, -3])))


def random_items(shape):
    items, words, axis = [], [], 0
    advanced = rng.random() < 0.6
    common = [(), (2,), (3,), (2, 3), (2, 1), (1,), (0,)][rng.integers(7)]
    ellipsis_at = int(rng.integers(len(shape) + 1)) if rng.random() < 0.3 else -1
    while axis < len(shape):
        if ellipsis_at == axis:
            skip = int(rng.integers(0, len(shape) - axis + 1))
            items.append(Ellipsis)
            words.append("e")
            axis += skip
            ellipsis_at = -2
            if axis >= len(shape):
                break
        length = shape[axis]
        kind = rng.random()
        if rng.random() < 0.15:
            items.append(None)
            words.append("n")
        if kind < 0.25 and length > 0:
            i = int(rng.integers(-length, length))
            items.append(i)
            words.append(f"i{i}")
            axis += 1
        elif kind < 0.65 or not advanced or length == 0:
            r = random_range(length)
            items.append(r)
            words.append(f"s{r.start}:{r.stop}:{r.step}")
            axis += 1
        elif kind < 0.9 or ellipsis_at >= 0:
            own = tuple(n if rng.random() < 0.8 else 1 for n in common) if common != (0,) else common
            t = rng.integers(-length, length, own)
            items.append(t)
            words.append(f"t{text(own)}:{text(t)}")
            axis += 1
        elif common in [(), (1,)] or True:
            rank = 2 if axis + 1 < len(shape) and rng.random() < 0.4 else 1
            m = rng.random(shape[axis : axis + rank]) < 0.5
            items.append(m)
            words.append(f"m{text(m.shape)}:{text(m)}")
            axis += rank
        if rng.random() < 0.2 and ellipsis_at < 0:
            break
    if rng.random() < 0.1:
        items.append(None)
        words.append("n")
    return tuple(items), " ".join(words)


def main():
    seen, lines = set(), []
    while len(lines) < 400:
        shape = tuple(int(n) for n in rng.choice([1, 2, 3, 4, 5], int(rng.integers(1, 5))))
        if rng.random() < 0.05:
            shape = shape[:-1] + (0,)
        items, words = random_items(shape)
        x = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        try:
            part = x[items]
        except IndexError:
            continue  # shapes of indices that do not broadcast
        if (shape, words) in seen or part.size > 60:
            continue
        seen.add((shape, words))
        y = 100 + np.arange(part.size).reshape(part.shape)
        put, added = x.copy(), x.copy()
        put[items] = y
        np.add.at(added, items, y)
        lines.append("|".join([text(shape), words, text(part.shape), text(part), text(put), text(added)]))
    with open(__file__.replace(".py", ".txt"), "w") as out:
        out.write("\n".join(lines) + "\n")


main()

# Metrics of the scores of sklearn_test.ts by scikit-learn and scipy: run once, the numbers are there.
#   apt-get install python3-sklearn && /usr/bin/python3 tests/evaluate/sklearn_reference.py
import json
import numpy as np
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import KFold


def random_numbers(seed):
    """mulberry32, as src/math/random.ts."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) & 0xFFFFFFFF
        t = ((state ^ (state >> 15)) * (state | 1)) & 0xFFFFFFFF
        t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
        yield (t ^ (t >> 14)) / 2**32


def scores(seed, count, shift, steps):
    """Sums of three random numbers; with steps on a grid, so that there are ties."""
    numbers = random_numbers(seed)
    out = [(next(numbers) + next(numbers) + next(numbers)) / 3 * 0.8 + shift for _ in range(count)]
    if steps:
        out = [np.floor(x * steps) / steps for x in out]
    return np.array(out, dtype=np.float32)


def measure(steps):
    genuine, impostor = scores(1, 1000, 0.2, steps), scores(2, 4000, -0.1, steps)
    truth = np.concatenate([np.ones(len(genuine)), np.zeros(len(impostor))])
    both = np.concatenate([genuine, impostor])
    fmr, tmr, _ = roc_curve(truth, both, drop_intermediate=False)
    eer = brentq(lambda x: 1.0 - x - interp1d(fmr, tmr)(x), 0.0, 1.0, xtol=1e-12)
    return {
        "auc": roc_auc_score(truth, both),
        "eer": eer,
        "fmr100": 1 - tmr[fmr <= 0.01].max(),
        "fmr1000": 1 - tmr[fmr <= 0.001].max(),
        "zeroFmr": 1 - tmr[fmr == 0].max(),
        "accuracy": released_accuracy(genuine, impostor),
    }


def released_accuracy(genuine, impostor):
    """Mean and deviation as insightface's calculate_roc: ten folds, each of 100 genuine and 100 impostor pairs here."""
    cosine = np.concatenate([np.concatenate([genuine[k : k + 100], impostor[k : k + 100]]) for k in range(0, 1000, 100)])
    same = np.tile(np.repeat([True, False], 100), 10)
    distance = np.maximum(0, 2 - 2 * cosine.astype(np.float64))
    thresholds = np.arange(0, 4, 0.01)
    right = np.array([(distance < t) == same for t in thresholds])
    accuracies = []
    for train, test in KFold(n_splits=10, shuffle=False).split(distance):
        best = np.argmax(right[:, train].mean(axis=1))
        accuracies.append(right[best, test].mean())
    return [np.mean(accuracies), np.std(accuracies)]


print(json.dumps({"continuous": measure(0), "ties": measure(32)}, indent=2))

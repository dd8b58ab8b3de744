"""Writes tests/fixtures/statistics.json: bootstraps by SciPy and NumPy, Holm's values by statsmodels.

    python3 -m venv /tmp/peer && /tmp/peer/bin/pip install numpy scipy scikit-learn statsmodels
    /tmp/peer/bin/python tests/peers/statistics_fixture.py --out tests/fixtures/statistics.json
"""

import argparse
import json
import warnings

import numpy
import scipy
import sklearn
import statsmodels
from scipy.stats import bootstrap, pearsonr, rankdata
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from statsmodels.stats.multitest import multipletests


def f1(predictions, labels, axis=-1):
    hits = numpy.sum(predictions * labels, axis=axis)
    return 2 * hits / (numpy.sum(predictions, axis=axis) + numpy.sum(labels, axis=axis))


def pearson(predictions, labels, axis=-1):
    return pearsonr(predictions, labels, axis=axis).statistic


def spearman(predictions, labels, axis=-1):
    return pearson(rankdata(predictions, axis=axis), rankdata(labels, axis=axis), axis=axis)


# Over many draws at once. Matthews' coefficient is Pearson's of two classes.
METRICS = {
    "accuracy": lambda predictions, labels, axis=-1: numpy.mean(predictions == labels, axis=axis),
    "f1": f1,
    "matthews": pearson,
    "pearson": pearson,
    "spearman": spearman,
}

KNOWN = {"accuracy": accuracy_score, "f1": f1_score, "matthews": matthews_corrcoef}


def predicted(draw, metric, seeds, examples):
    """Labels, and predictions of two methods, a row a seed; the second is somewhat better."""
    if metric in ("pearson", "spearman"):
        labels = numpy.round(draw.random(examples) * 25) / 5
        hard = draw.normal(0, 1, examples)
        noise = lambda by: numpy.round(labels + hard + by * draw.normal(0, 1, (seeds, examples)), 2)
        return labels, noise(0.9), noise(0.6)
    labels = (draw.random(examples) < 0.68).astype(int)
    easy = draw.beta(4, 1.3, examples)
    right = lambda by: draw.random((seeds, examples)) < numpy.clip(easy + by + draw.normal(0, 0.02, (seeds, 1)), 0, 1)
    answers = lambda by: numpy.where(right(by), labels, 1 - labels)
    return labels, answers(0), answers(0.04)


def summary(value, draws):
    return {
        "difference": value,
        "standardError": float(numpy.std(draws, ddof=1)),
        "interval": [float(at) for at in numpy.quantile(draws, [0.025, 0.975])],
    }


def one_seed(metric, labels, first, second, draws):
    """Examples alone are drawn."""
    value = METRICS[metric]
    difference = lambda first, second, labels, axis=-1: value(second, labels, axis) - value(first, labels, axis)
    found = bootstrap((first, second, labels), difference, paired=True, vectorized=True, n_resamples=draws,
                      method="percentile", rng=numpy.random.default_rng(7))
    return summary(float(difference(first, second, labels)), found.bootstrap_distribution)


def many_seeds(metric, labels, first, second, draws):
    """Seeds and examples are drawn, the same ones for both methods."""
    value, draw = METRICS[metric], numpy.random.default_rng(8)
    seeds, examples = first.shape
    at = draw.integers(0, examples, (draws, examples))
    differences = numpy.stack([value(second[seed][at], labels[at]) - value(first[seed][at], labels[at])
                               for seed in range(seeds)], axis=1)
    found = numpy.mean(numpy.take_along_axis(differences, draw.integers(0, seeds, (draws, seeds)), axis=1), axis=1)
    here = [value(second[seed], labels) - value(first[seed], labels) for seed in range(seeds)]
    return summary(float(numpy.mean(here)), found)


def cases():
    draw = numpy.random.default_rng(5)
    for metric in METRICS:
        for seeds, examples in [(1, 150), (4, 120)]:
            labels, first, second = predicted(draw, metric, seeds, examples)
            if metric in KNOWN:
                assert numpy.isclose(KNOWN[metric](labels, first[0]), METRICS[metric](first[0], labels))
            found = one_seed(metric, labels, first[0], second[0], 9999) if seeds == 1 else many_seeds(
                metric, labels, first, second, 9999)
            yield {"metric": metric, **found, "labels": labels.tolist(), "first": first.tolist(),
                   "second": second.tolist()}


def holm():
    draw = numpy.random.default_rng(6)
    for values in [[0.01], [0.01, 0.04, 0.03], [0.02, 0.02, 0.02], [0.9, 0.8, 0.001], [1.0, 1.0],
                   numpy.round(draw.random(9) ** 3, 4).tolist()]:
        yield {"values": values, "adjusted": multipletests(values, method="holm")[1].tolist()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    head = {module.__name__: module.__version__ for module in (numpy, scipy, sklearn, statsmodels)}
    row = lambda case: json.dumps(case, separators=(",", ":"))
    with open(options.out, "w", encoding="utf-8") as file:
        file.write(json.dumps(head)[:-1] + ', "differences": [\n' + ",\n".join(map(row, cases())) +
                   '\n], "holm": [\n' + ",\n".join(map(row, holm())) + "\n]}\n")


if __name__ == "__main__":
    main()

"""Writes tests/fixtures/statistics.json: bootstraps and integrals by SciPy, Holm's values by statsmodels.

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
from scipy.integrate import quad
from scipy.stats import bootstrap, chi2, norm, pearsonr, rankdata
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


def standard_error(metric, labels, first, second, draws=9999):
    """Of the difference's mean over seeds, over other examples for these seeds: the same draws for both methods."""
    value = METRICS[metric]

    def difference(*arrays, axis=-1):
        *runs, labels = arrays
        firsts, seconds = runs[: len(first)], runs[len(first) :]
        return sum(value(b, labels, axis) - value(a, labels, axis) for a, b in zip(firsts, seconds)) / len(first)

    found = bootstrap((*first, *second, labels), difference, paired=True, vectorized=True, n_resamples=draws,
                      method="percentile", rng=numpy.random.default_rng(7))
    return {"difference": float(difference(*first, *second, labels)), "standardError": float(found.standard_error)}


def cases():
    draw = numpy.random.default_rng(5)
    for metric in METRICS:
        for seeds, examples in [(1, 150), (4, 120)]:
            labels, first, second = predicted(draw, metric, seeds, examples)
            if metric in KNOWN:
                assert numpy.isclose(KNOWN[metric](labels, first[0]), METRICS[metric](first[0], labels))
            found = standard_error(metric, labels, first, second)
            yield {"metric": metric, **found, "labels": labels.tolist(), "first": first.tolist(),
                   "second": second.tolist()}


def tails():
    """Tails of a normal error whose variance has a part of the seeds, known by chi-squared, and never falls below a floor."""
    for seeds, scatter, shared, floor in [(3, 1, 0, 0), (10, 1, 0, 0), (3, 0.01, 1, 1), (3, 1, 0.5, 0.7), (3, 0.2, 1, 1.5),
                                          (4, 2, 1, 1), (5, 1, 1, 1.2), (10, 0.3, 0.5, 0.6), (25, 1, 3, 3.5)]:
        freedom = seeds - 1
        spread = lambda x: numpy.sqrt(max(shared + scatter * freedom / (seeds * x), floor))
        kink = scatter * freedom / (seeds * (floor - shared)) if floor > shared else freedom
        edges = numpy.unique([0, kink, *chi2.ppf([1e-6, 1e-3, 0.1, 0.5, 0.9, 0.999], freedom), chi2.isf(1e-14, freedom)])
        for distance in [0.1, 1, 2, 5, 12]:
            part = lambda x: norm.sf(distance / spread(x)) * chi2.pdf(x, freedom)
            tail = sum(quad(part, low, high, epsabs=0, epsrel=1e-10, limit=500)[0] for low, high in zip(edges, edges[1:]))
            yield {"seeds": seeds, "scatter": scatter, "shared": shared, "floor": floor, "distance": distance, "tail": tail}


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
                   '\n], "tails": [\n' + ",\n".join(map(row, tails())) +
                   '\n], "holm": [\n' + ",\n".join(map(row, holm())) + "\n]}\n")


if __name__ == "__main__":
    main()

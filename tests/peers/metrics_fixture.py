"""Writes tests/fixtures/metrics.json: predictions and labels with the values of scikit-learn and SciPy.

    python tests/peers/metrics_fixture.py --out tests/fixtures/metrics.json

Needs scikit-learn, SciPy and NumPy. A value that is not defined is written as null.
"""

import argparse
import json
import math
import warnings

import numpy
import scipy
import sklearn
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef


def classes():
    """Name, predictions and labels of two classes."""
    draw = numpy.random.default_rng(1)
    yield "all right", [0, 1, 1, 0], [0, 1, 1, 0]
    yield "all wrong", [1, 0, 0, 1], [0, 1, 1, 0]
    yield "one prediction", [0, 0, 0, 0, 0], [0, 1, 1, 0, 1]
    yield "the other prediction", [1, 1, 1, 1, 1], [0, 1, 1, 0, 1]
    yield "one label, never predicted", [0, 0, 0], [1, 1, 1]
    yield "one label, sometimes predicted", [0, 1, 0], [1, 1, 1]
    yield "no positive anywhere", [0, 0, 0], [0, 0, 0]
    yield "positives only", [1, 1, 1], [1, 1, 1]
    yield "one line, right", [1], [1]
    yield "one line, wrong", [0], [1]
    yield "no better than chance", [0, 0, 1, 1], [0, 1, 0, 1]
    for size, share, skill in [(277, 0.47, 0.6), (408, 0.68, 0.85), (1043, 0.69, 0.75), (5000, 0.02, 0.9)]:
        labels = draw.random(size) < share
        right = draw.random(size) < skill
        yield f"{size} drawn", numpy.where(right, labels, ~labels).astype(int).tolist(), labels.astype(int).tolist()


def three_classes():
    draw = numpy.random.default_rng(2)
    yield "three classes", draw.integers(0, 3, 200).tolist(), draw.integers(0, 3, 200).tolist()
    yield "three classes, one predicted", [2] * 6, [0, 1, 2, 2, 1, 0]


def numbers():
    """Name, predictions and labels that are numbers."""
    draw = numpy.random.default_rng(3)
    yield "a line", [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]
    yield "a falling line", [1.0, 2.0, 3.0], [-0.1, -0.2, -0.3]
    yield "a curve in order", [1.0, 10.0, 100.0, 1000.0], [1.0, 2.0, 3.0, 4.0]
    yield "two values", [0.3, 0.1], [5.0, 1.0]
    yield "ties on both sides", [1.0, 1.0, 2.0, 2.0, 3.0], [5.0, 4.0, 4.0, 4.0, 1.0]
    yield "ties of all but one", [0.0, 0.0, 0.0, 1.0], [3.0, 2.0, 1.0, 0.0]
    yield "constant predictions", [0.1] * 7, [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 2.5]
    yield "constant predictions that do not sum evenly", [0.1] * 3, [1.0, 2.0, 3.0]
    yield "constant labels", [1.0, 2.0, 3.0], [2.6, 2.6, 2.6]
    yield "both constant", [0.3, 0.3, 0.3], [2.6, 2.6, 2.6]
    yield "far from zero", (1e6 + draw.random(50)).tolist(), draw.random(50).tolist()
    yield "tiny and huge", [1e-12, 2e-12, 5e-12, 4e-12], [1e12, 3e12, 2e12, 9e12]
    yield "negative zero ties zero", [0.0, -0.0, 1.0, -1.0], [1.0, 2.0, 3.0, 4.0]
    scores = numpy.round(draw.random(1500) * 25) / 5
    noisy = (scores + draw.normal(0, 0.8, 1500)).astype(numpy.float32).astype(float)
    yield "1500 drawn, as STS-B", noisy.tolist(), scores.tolist()
    yield "1500 drawn and clipped", numpy.clip(noisy, 0, 5).tolist(), scores.tolist()
    yield "not related", draw.random(300).tolist(), draw.random(300).tolist()


def defined(value):
    return None if math.isnan(value) else float(value)


def rows():
    for name, predictions, labels in classes():
        yield name, predictions, labels, {
            "accuracy": accuracy_score(labels, predictions),
            "f1": f1_score(labels, predictions, zero_division=0.0),
            "matthews": matthews_corrcoef(labels, predictions),
        }
    for name, predictions, labels in three_classes():
        yield name, predictions, labels, {"accuracy": accuracy_score(labels, predictions)}
    for name, predictions, labels in numbers():
        yield name, predictions, labels, {
            "pearson": pearsonr(predictions, labels).statistic,
            "spearman": spearmanr(predictions, labels).statistic,
        }


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    lines = [
        json.dumps(
            {
                "name": name,
                "metrics": {metric: defined(value) for metric, value in metrics.items()},
                "predictions": predictions,
                "labels": labels,
            },
            separators=(",", ":"),
        )
        for name, predictions, labels, metrics in rows()
    ]
    head = {"sklearn": sklearn.__version__, "scipy": scipy.__version__, "numpy": numpy.__version__}
    with open(options.out, "w", encoding="utf-8") as file:
        file.write(json.dumps(head)[:-1] + ', "cases": [\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()

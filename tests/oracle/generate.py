#!/usr/bin/env python3
"""Writes the reference values of tests/data: exact inputs, results with more than 100 bits. See README.md.

    python3 tests/oracle/generate.py [name ...]      # all files, or those named: softmax information jacobian ...
"""

import pathlib
import sys

import cases_cross_entropy
import cases_information
import cases_jacobian
import cases_losses
import cases_softmax
from case_file import CaseFile
from numbers_exact import Draw

SEED = 1948  # The year of "A Mathematical Theory of Communication".

FILES = {
    "softmax": (cases_softmax, "softmax, log_softmax, logsumexp, entropy, loss and gradient of a label"),
    "information": (cases_information, "information measures of distributions, joint tables and counts; logaddexp"),
    "jacobian": (cases_jacobian, "products with the Jacobians of softmax and log_softmax"),
    "cross_entropy": (cases_cross_entropy, "softmax cross-entropy under all options"),
    "losses": (cases_losses, "sigmoid cross-entropy, Gaussian and Poisson likelihoods, entropy and KL of logits"),
}


def main(names):
    folder = pathlib.Path(__file__).resolve().parent.parent / "data"
    for name in names or FILES:
        module, title = FILES[name]
        # One seed a file, so that a file can be written again alone.
        seed = SEED + list(FILES).index(name)
        file = CaseFile(folder / f"{name}.txt", title, seed)
        module.write(file, Draw(seed))
        file.write()


if __name__ == "__main__":
    main(sys.argv[1:])

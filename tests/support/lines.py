"""Command lines of every kind: five typical ones, a program with modules, and those that test the way in."""

from __future__ import annotations

EXAMPLE = ["(x+y)*z", "--x", "-2", "--y", "5", "--z", "-4"]
STAGED = ["(x + σ(y)) / (σ(x) + (x+y)**2)", "--x", "3", "--y", "-4"]
NEURON = [
    "1/(1+exp(-(w0*x0 + w1*x1 + w2)))", "--w0", "2", "--x0", "-1", "--w1", "-3", "--x1", "-2", "--w2", "-3",
]  # fmt: skip
PATTERNS = ["2*(x*y + max(z, w))", "--x", "3", "--y", "-4", "--z", "2", "--w", "-1"]
SHARED = ["x*x*pi + log(x, y) - abs(-x)/3", "--x", "1.25", "--y", "10"]
TYPICAL = [EXAMPLE, STAGED, NEURON, PATTERNS, SHARED]
PROGRAM = """\
neuron(t, w) = 1/(1 + exp(-t*w))  # the gate of the lecture
twice(t) = neuron(t, 2) + pi
half = 1/2
q = x*half + twice(y); left_out = σ*x
f2 = max(q, x) * q"""
LINES = [
    *(["eval", *words] for words in TYPICAL),
    *(["eval", *TYPICAL[i], "--format", form] for i, form in enumerate(["json", "csv", "markdown", "table", "json"])),
    ["eval", PROGRAM, "--x", "3", "--y", "-1", "--σ", "2"],
    ["eval", PROGRAM, "--x", "3", "--y", "-1", "--σ", "2", "--expand", "--json"],
    ["eval", PROGRAM, "--x", "3", "--y", "-1", "--σ", "2", "--format", "csv", "--wrt", "y"],
    ["eval", PROGRAM, "--x", "3", "--y", "-1", "--σ", "2", "--get", "value", "--get", "q", "--get", "σ"],
    ["eval", PROGRAM, "--x", "3", "--y", "-1", "--σ", "2", "--no-cache"],
    ["eval", PROGRAM, "--x", "3", "--y", "-1"],
    ["eval", "x₀*हिन्दी + ﬁ - π·ℯ", "--x₀", "2", "--set", "हिन्दी=3", "--fi", "1", "--json"],
    ["eval", "e*x + E*π - pi", "--x", "1"],
    ["eval", "e*x + E*π - pi", "--x", "1", "--e", "5", "--pi", "6", "--json"],
    ["eval", "max(x, y) + abs(x - y) + relu(x - 1)", "--x", "1", "--y", "1"],
    ["eval", "max(x, y)", "--x", "1", "--y", "1", "--ties", "split", "--json"],
    ["eval", "log(x) + 1/y", "--x", "-1", "--y", "0"],
    ["eval", "log(x) + 1/y", "--x", "1", "--y", "0", "--allow-nonfinite", "--json"],
    ["eval", "1/3 + 0*2", "--json"],
    ["eval", "x*1e400", "--x", "1"],
    ["eval", "x + y", "--x", "1"],
    ["eval", "x + y", "--x", "1", "--y", "2", "--z", "3"],
    ["eval", "sine(x)", "--x", "1"],
    ["eval", "x", "--x", "1/0"],
    ["eval", "x*x", "--x", "2", "--precision", "30"],
    ["eval", "x*x/3", "--x", "2", "--exact", "--json"],
    ["eval", "x*x*y", "--x", "2", "--y", "1", "--hessian"],
    ["explain", "x*sigmoid(y)", "--x", "2", "--y", "1"],
    ["graph", "x*sigmoid(y)", "--x", "2", "--y", "1"],
    ["derive", "x*sigmoid(y)"],
    ["check", "x*sigmoid(y)", "--x", "2", "--y", "1"],
]
WORDS = ["eval", PROGRAM, "--x", "3", "--y", "-1", "--σ", "2", "--json"]

"""English: the sentences of explanations, of the page and of verdicts, with holes for names, formulas and numbers."""

from __future__ import annotations

TEMPLATES = {
    # Lists
    "comma": "{0}, {1}",
    "and": "{0} and {1}",
    "and then": "{0}, and {1}",
    "more": "{0} more",
    "and more": "and {0} more",
    # Numbers and conditions
    "about": "about {0}",
    "inside": "(inside {0})",
    "holds": "{0} holds ({1})",
    "fails": "{0} does not hold ({1})",
    "undecided": "{0} may hold or not ({1})",
    # What a gate does: to each input with its upstream, here
    "gets 0": "{0} gets nothing",
    "gets 1": "{0} gets the upstream unchanged",
    "gets -1": "{0} gets the upstream with its sign flipped",
    "gets part": "{0} gets the upstream divided by {1}",
    "gets times": "{0} gets the upstream times {1}",
    "then 0": "{0} gets nothing",
    "then 1": "{0} gets it unchanged",
    "then -1": "{0} gets it with its sign flipped",
    "then part": "{0} gets it divided by {1}",
    "then times": "{0} gets it times {1}",
    "stop": "{0}.",
    "one gets": "{0} gets {1}.",
    "each gets": "{0} each get {1}.",
    "one gets on edges": "{0} gets {1} on each edge.",
    "each gets on edges": "{0} each get {1} on each edge.",
    "twins": "both inputs are {0}, so {0} gets {0} times the upstream on each edge.",
    "switched": "{0} gets {1} times the upstream.",
    "switched both": "{0} gets {1} times the upstream, and {2} gets {3} times it.",
    "nothing to": "nothing goes to {0}.",
    "all to": "all of the gradient goes to {0}.",
    "all to, none to": "all of the gradient goes to {0}, none to {1}.",
    "none to": "none of the gradient goes to {0}.",
    "taken, none to": "{0} is taken, and none of the gradient goes to {1}.",
    "true, so": "{0} holds, so {1}",
    "false, so": "{0} does not hold, so {1}",
    "holds, so": "{0} holds ({1}), so {2}",
    "fails, so": "{0} does not hold ({1}), so {2}",
    "itself": "{0} competes with itself, so all of the gradient goes to it, along the first edge.",
    "larger, so": "{0} is the larger, so {1}",
    "largest, so": "{0} is the largest, so {1}",
    "smaller, so": "{0} is the smaller, so {1}",
    "smallest, so": "{0} is the smallest, so {1}",
    "selected, so": "{0} is the selected input, so {1}",
    # What a gate does, whatever its inputs are: its name, its role, what its row says, and what it does here
    "distributes": "distributes",
    "routes": "routes",
    "switches": "switches",
    "role does": "{0} {1}: it {2}.",
    "role does here": "{0} {1}: it {2}. Here {3}",
    "role here": "{0} {1}: {2}",
    "does": "{0} {1}.",
    "does here": "{0} {1}. Here {2}",
    "here": "{0}: {1}",
    "module": "{0} is a module: its local gradient comes from the gates inside; --expand shows them.",
    "at 0": "At 0 a convention decides: {0}.",
    "one constant": "{0} is a constant: nothing flows into it.",
    "constants": "{0} are constants: nothing flows into them.",
    "one condition": "{0} is a condition: nothing flows into it.",
    "conditions": "{0} are conditions: nothing flows into them.",
    "one fixed": "{0} is held constant (--wrt): nothing flows into it.",
    "fixed": "{0} are held constant (--wrt): nothing flows into them.",
    # What is only a convention
    "tie both": "{0} has a tie of {1}: each gets 1 by convention (--ties both).",
    "tie split": "{0} has a tie of {1}: each gets 1/{2} by convention (--ties split).",
    "tie first": "{0} has a tie of {1}: the first gets 1 by convention (--ties first).",
    "kink": "{0} has a kink at {1}: the gradient {2} there is a convention.",
    "border": "{0} is at a border, both sides of {1} are equal: the gradient is that of the branch taken.",
    "constant read": "{0} is read as the constant {1}…; give {2} a value to make it a variable.",
    "not used": "nothing uses {0}: it is left out.",
    # The story
    "no value": "{0} has no value here, and needs none: its branch is not taken",
    "upstream": "{0}, upstream {1}",
    "stopped": "The upstream is 0, so nothing flows back through this gate.",
    "not needed": "{0} is not needed: nothing flows here",
    "not selected": "nothing, because its edge is not the selected one",
    "share": "share {0} of {1} for {2}: {3}",
    "sum": "Gradients add up at forks: {0} has {1} edges, and {2} is the sum of their shares.",
    "if": "If {0} increases by a small {1}, {2}.",
    "if, by convention": "By convention, for there is a tie or a kink: if {0} increases by a small {1}, {2}.",
    "if, at a border": "By convention, for there is a tie, a kink or a border: if {0} increases by a small {1}, {2}.",
    "does not change": "{0} does not change",
    "does not change at first": "{0} does not change, to first order",
    "no multiple": "no multiple of {0} says what {1} does",
    "increases": "{0} increases by {1}",
    "decreases": "{0} decreases by {1}",
    "increases as much": "{0} increases by just as much",
    "decreases as much": "{0} decreases by just as much",
    # Its frame
    "at": "at {0}",
    "note": "Note: {0}",
    "Forward pass": "Forward pass",
    "Backward pass": "Backward pass",
    "Gradient": "Gradient",
    "Nudge": "Nudge",
    "each gate": "Each gate computes its value from its inputs.",
    "only a constant": "There is no gate: the output is the constant {0}.",
    "only a variable": "There is no gate: the output is the variable {0}.",
    "chain rule": (
        "In reverse, from {0}. What flows back along an edge is the upstream gradient of its gate times the local "
        "gradient of the edge: the chain rule."
    ),
    "chain rule, forks": (
        "In reverse, from {0}. What flows back along an edge is the upstream gradient of its gate times the local "
        "gradient of the edge: the chain rule. Where a node has several edges, each brings a share of its gradient."
    ),
    "chain rule, arrays": (
        "In reverse, from {0}. What flows back along an edge is the upstream gradient of its gate times the local "
        "gradient of the edge: the chain rule. The gradient of an array has the shape of the array: so shapes say "
        "how a rule must go."
    ),
    "chain rule, forks, arrays": (
        "In reverse, from {0}. What flows back along an edge is the upstream gradient of its gate times the local "
        "gradient of the edge: the chain rule. Where a node has several edges, each brings a share of its gradient. "
        "The gradient of an array has the shape of the array: so shapes say how a rule must go."
    ),
    # Shapes
    "a number": "a number",
    "a vector": "a vector of {0}",
    "joined": "{0}  ({1})",
    "product shapes": "{0} by {1} is {2}",
    "broadcast one": "{0} is broadcast to {1}",
    "broadcast": "{0} are broadcast to {1}",
    "of shape": "{0}, {1},",
    "must be": "{0} must be {1}, the shape of {2}; upstream is {3}, the shape of {4}.",
    "fits": "{0} must be {1}, the shape of {2}: {3} is {4} and {5} is {6}, so {7} is {1}.",
    "fits alone": (
        "{0} must be {1}, the shape of {2}: {3} is {4} and {5} is {6}, so {7} is {1}, as no other product of the "
        "two is."
    ),
    "fits pairs": (
        "{0} must be {1}, the shape of {2}: {3} is {4} and {5} is {6}, so {7} is {1}, an entry for each pair."
    ),
    "fits always": (
        "{0} must be {1}, the shape of {2}: {3} is {4} and {5} is {6}, so {7} is {1}; where lengths are equal, as "
        "here, other products fit too: this one fits whatever they are."
    ),
    "word means": "{0} is {1}.",
    "no flow": "nothing flows into {0} here",
    "summed": "{0} is {1} and {2} is {3}: {0} was broadcast along axis {4}, so what comes back is summed over it.",
    "summed axes": (
        "{0} is {1} and {2} is {3}: {0} was broadcast along axes {4}, so what comes back is summed over them."
    ),
    "no entry": "No entry of {0} changes {1}, to first order.",
    "most sensitive": "{0} is most sensitive to {1}: if it increases by a small {2}, {3}.",
    "small steps": "What a small step in one variable does, while the others stay.",
    "no gradient": "There is none: nothing here varies.",
    "gates left out": "… {0} gates are left out here; --format json has all",
    "edges left out": "… {0} edges are left out here; --format json has all",
    "variables left out": "… {0} variables are left out here; --format json has all",
    # Uncertainties
    "Uncertainty": "Uncertainty",
    "uncertain": "What the uncertainties σ of the variables make of {0}, to first order.",
    "each spreads": "A variable spreads {0} by its gradient times its own uncertainty.",
    "of variance": "{0}, {1} of σ²",
    "squares add up": "The variables are independent: their squares add up to σ², that of {0}.",
    "squares and products add up": (
        "Their squares add up to σ², that of {0}; of two that correlate, twice the product with their correlation."
    ),
    "rounded": "Rounded as an uncertainty deserves: {0}.",
    # What has no value
    "division by zero": "division by zero in {0} at {1}",
    "no real value": "{0} has no real value at {1}",
    "no finite value": "{0} has no finite value at {1}",
    "overflows": "{0} overflows at {1}",
    "no local": "{0} does not exist at {1}, in {2}",
    "infinite local": "{0} is infinite at {1}, in {2}",
    "needs": "hint: {0}",
    # The page
    "page forward": "forward pass",
    "page backward": "backward pass",
    "page end": "gradient",
    "page local": "local",
    "page share": "a share",
    "page first": "First step",
    "page back": "One step back",
    "page on": "One step on",
    "page last": "Last step",
    "page scrub": "Step",
    "page circuit": "The circuit",
    "page steps": "Steps",
    "page values": "Values",
    "page number field": "as a number",
    "page reset": "The values as they were",
    "page predict": "Predict first",
    "page answer": "Your number",
    "page check": "Check",
    "page tell": "Show it",
    "page ask value": "What is the value of {0}?",
    "page ask chained": "What is {0}, which flows back through {1}?",
    "page ask share": "What share of {0} flows back through {1}?",
    "page ask sum": "What is {0}, the sum of the shares of {1}?",
    "page number": "Type a number, such as -0.25.",
    "page right": "Right.",
    "page wrong": "No:",
    "page try": "that is not it. Try again, or have it shown.",
    "page only": "only the edge into {0} is counted",
    "page no script": "Where scripts may run, this page walks through both passes. Here is the whole story.",
    # The mistakes that learners make
    "mistake sign": "the sign is flipped",
    "mistake loser": "max, min, relu or a choice passes the gradient to an input that it did not select",
    "mistake branch": "a branch of a fork is forgotten, though branches add up",
    "mistake product": "the derivative of a product is not the product of the derivatives",
    "mistake upstream": "the upstream gradient is forgotten",
    "mistake quotient": "the quotient rule goes wrong",
    "mistake power": "the power rule goes wrong",
    "mistake factor": "a factor of the chain is forgotten",
    "mistake input": "the chain goes through the wrong input",
    # A nudge
    "nudged": "{0} after a step of {1} in one variable, beside what the gradient says.",
    "at the step": "{0} at {1}",
    "no value there": "There {0} has no value: {1}. The linear story ends before.",
    "not finite": "There is nothing to compare: not both are finite.",
    "agree": "They agree: over this step the linear story holds.",
    "flat by convention": (
        "The gradient says that nothing changes, yet {0} changes by {1}: there its 0 is a convention."
    ),
    "flat at first": (
        "The gradient says that nothing changes, yet {0} changes by {1}: it is flat only for a first moment."
    ),
    "holds well": "They differ by {0}, {1} of {2}: the linear story holds well.",
    "holds roughly": "They differ by {0}, {1} of {2}: the linear story holds roughly.",
    "holds poorly": "They differ by {0}, {1} of {2}: the linear story holds poorly.",
    "holds no longer": "They differ by {0}, {1} of {2}: the linear story does not hold over this step.",
}
"""By key. A hole is the number of a part: another language may take them in another order."""

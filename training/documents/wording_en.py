"""How English documents state facts and how people ask for them."""

STATES = {
    "": (
        "the {a} of {s} is {v}", "{s} has {v} as its {a}", "{s}: {a} {v}", "for {s}, the {a} is {v}", "{v} is the {a} of {s}",
        "as the {a} of {s}, {v} was agreed", "the {a} of {s} was changed from {x} to {v}", "the {a} of {s} is no longer {x} but {v}",
        "with {s}, the {a} remains {v}", "unless stated otherwise, the {a} of {s} is {v}", "the {a} ({s}) is {v}",
        "the {a} for {s} is given as {v}", "{s} ({a}: {v}) is listed in the register", "the table gives {v} as the {a} of {s}",
        "according to the record, the {a} of {s} is {v}", "the current {a} of {s} is {v}", "we confirm {v} as the {a} of {s}",
    ),
    "number": (
        "the {a} of {s} is set to {v}", "the {a} of {s} must not exceed {v}", "the {a} of {s} defaults to {v}",
        "set the {a} of {s} to {v}", "the {a} of {s} amounts to {v}", "the {a} for {s} is fixed at {v}",
        "{s} reached a {a} of {v}",
    ),
    "long": (
        "the {a} of {s} is set to {v}", "the {a} of {s} must not exceed {v}", "the {a} of {s} defaults to {v}",
        "the {a} of {s} lasts {v}", "the {a} for {s} is limited to {v}",
    ),
    "when": ("the {a} of {s} has been set to {v}", "the {a} of {s} was moved to {v}", "the {a} of {s} falls on {v}"),
    "who": ("{v} acts as the {a} of {s}", "the {a} of {s} is now {v}", "{v} was named {a} of {s}"),
    "where": ("the {a} of {s} is at {v}", "the {a} of {s} has moved to {v}"),
    "what": ("the {a} of {s} reads {v}", "{s} uses {v} as its {a}", "the {a} {v} belongs to {s}", "the {a} of {s} is recorded as {v}"),
    "which": ("the {a} chosen for {s} is {v}", "{s} relies on {v} as its {a}", "the {a} of {s} is always {v}"),
}  # fmt: skip

TAILS = (
    "which must be reviewed before any change", "and this is checked every quarter", "as the annex explains",
    "although later versions may differ", "subject to approval", "which replaces the earlier rule", "as shown on site",
    "and nobody may alter it alone", "so the other settings stay as they are", "which has been verified in testing",
    "but the reason is given below", "and the parties have been informed", "as was decided at the meeting",
    "which takes effect after a restart", "in line with the design", "and no exception is planned", "if nothing else is agreed",
)  # fmt: skip

LEADS = (
    "In addition, ", "Note that ", "At present, ", "As agreed, ", "Moreover, ", "Under normal load, ", "By default, ",
    "For the time being, ", "In this release, ", "As noted earlier, ", "In practice, ", "From now on, ", "On review, ",
)  # fmt: skip

CORES = {
    "": (
        "what is the {a} of {s}", "what is the {a} for {s}", "{a} of {s}", "{s} {a}", "what {a} does {s} have", "{a} for {s}",
        "what does the text give as the {a} of {s}", "which {a} is stated for {s}", "state the {a} of {s}", "find the {a} of {s}",
        "give the {a} of {s}", "what's the {a} of {s}", "for {s}, what is the {a}", "look up the {a} of {s}",
        "which {a} belongs to {s}", "what is said to be the {a} of {s}", "what is given as the {a} of {s}",
    ),
    "number": (
        "what is the value of the {a} of {s}", "how large is the {a} of {s}", "how high is the {a} of {s}",
        "what figure is given for the {a} of {s}", "what is the {a} of {s} set to", "to what is the {a} of {s} set",
        "what does the {a} of {s} amount to", "how much is the {a} of {s}", "which value does the {a} of {s} have",
        "what number is stated as the {a} of {s}", "how big is the {a} of {s}", "the {a} of {s} is how much",
        "tell me the {a} of {s}", "what value was fixed as the {a} of {s}",
    ),
    "long": (
        "how long is the {a} of {s}", "what is the {a} of {s} set to", "how long is the {a} for {s}",
        "what duration is given as the {a} of {s}", "how much time is the {a} of {s}", "the {a} of {s} is how long",
        "tell me the {a} of {s}", "what length of time is the {a} of {s}",
    ),
    "clock": (
        "when is the {a} of {s}", "at what time is the {a} of {s}", "what time is the {a} of {s}", "which hour is the {a} of {s}",
    ),
    "when": (
        "when is the {a} of {s}", "what date is the {a} of {s}", "on what date is the {a} of {s}", "on which day is the {a} of {s}",
        "for when is the {a} of {s} set", "when was the {a} of {s} fixed for", "tell me the {a} of {s}",
    ),
    "who": (
        "who is the {a} of {s}", "who is named as the {a} of {s}", "who acts as {a} of {s}", "what is the name of the {a} of {s}",
        "whose name is given as the {a} of {s}", "who is listed as {a} for {s}",
    ),
    "where": (
        "where is the {a} of {s}", "what place is the {a} of {s}", "where can the {a} of {s} be found",
        "which place is given as the {a} of {s}",
    ),
    "what": (
        "what does the {a} of {s} read", "which {a} does {s} use", "which {a} is used for {s}", "what is recorded as the {a} of {s}",
        "what {a} is listed for {s}", "tell me the {a} of {s}",
    ),
    "which": (
        "which {a} does {s} use", "what kind of {a} does {s} have", "which {a} was chosen for {s}", "what {a} applies to {s}",
        "which one is the {a} of {s}", "what was chosen as the {a} of {s}",
    ),
}  # fmt: skip

BEFORE = (
    "", "", "", "", "", "", "", "", "", "", "please tell me: ", "according to the document, ", "in this text, ", "could you tell me: ",
    "I would like to know: ", "as stated here, ", "from the document: ", "quick question: ", "in the document, ", "please: ",
    "question: ", "based on the text, ", "can you look up ", "per the document, ", "I need to know ", "do you know ", "so, ",
)  # fmt: skip
AFTER = ("?", "?", "?", "?", "", "", " ?", "? Thanks", ".")
AFTER_WH = AFTER
WH = ("",)

SCOPES = (
    "in {h}, ", "according to {h}, ", "as stated in {h}, ", "under {h}, ", "in the {u} on {t}, ", 'in the {u} "{t}", ', "within {h}, ",
    "{h}: ", "looking only at {h}, ", 'under the heading "{t}", ', "per {h}, ", "in {h} ({t}), ",
)  # fmt: skip

QUOTES = (
    "quote the sentence about {p}", "which sentence mentions {p}", "quote the sentence that mentions {p}", "what exactly does the text say about {p}",
    "copy the sentence on {p} word for word", "give the original wording on {p}", "quote: {p}", "which sentence talks about {p}",
    "find the sentence that says {p}", "cite the sentence dealing with {p}", "quote what the document says about {p}",
    "in which sentence does {p} appear? Quote it", "reproduce the sentence that contains {p}", "what is the exact wording about {p}",
    "extract the sentence on {p}", "please quote the statement about {p}", "show me the sentence where {p} is mentioned",
    "where does the text speak of {p}? Quote the sentence",
)  # fmt: skip
QUOTE_PAIRS = (
    "quote the sentence that mentions both {p} and {q}", "which sentence brings together {p} and {q}", "quote the sentence about {p} and {q}",
    "what does the text say about {p} and {q}", "copy the sentence with {p} ... {q}", "which sentence says something on {q} and {p}",
    "find the sentence linking {p} to {q}", "cite the sentence where {q} occurs together with {p}",
)  # fmt: skip
SECTIONS = (
    "which {u} deals with {p}", "in which {u} is {p} described", "which {u} covers {p}", "under which heading is {p} found",
    "where in the document is {p} treated", "which heading covers {p}", "what is the title of the {u} about {p}",
    "which {u} should I read for {p}", "which {u} mentions {p}", "under what heading does the text discuss {p}",
    "name the {u} that treats {p}", "which part of the document explains {p}", "in what {u} can I look up {p}",
    "give the heading of the {u} on {p}", "where is {p} laid down",
)  # fmt: skip

ABOUT = ("the {a} of {s}", "the {a} for {s}", "{s} and its {a}", "{a} of {s}")

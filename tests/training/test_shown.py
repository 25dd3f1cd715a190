"""What pages show of a marked text: the marks are gone, and every place moves with its text."""

import random

import pytest

from training.documents import Document, Question, from_text, outline, shown

MARKED = """# Pump manual #

The **pump** needs `40 seconds`, see [the manual](https://example.org/manual) [2].

## 1.1 Start-up

| mode | rate |
|------|:----:|
| slow | 20 % |

```sh
# no heading
start --slow
```
It stops at a 5 | 6 ratio."""
SHOWN = """Pump manual
The pump needs 40 seconds, see the manual [2].
1.1 Start-up
mode | rate
slow | 20 %
# no heading
start --slow
It stops at a 5 | 6 ratio."""


class Never(random.Random):
    """Draws what makes no rare thing happen."""

    def __init__(self, number: float) -> None:
        super().__init__()
        self.number = number

    def random(self) -> float:
        return self.number


def document(text: str, *answers: str) -> Document:
    asked = tuple(Question("?", ((text.index(one), text.index(one) + len(one)),), "fact") for one in answers)
    return Document(text, asked, "en", "cells", outline(text), (2, 13))


def test_marks_and_blank_lines_go():
    after = shown(Never(0.0), document(MARKED, "40 seconds", "20 %", "start --slow", "6 ratio"))
    assert after.text == SHOWN
    assert [after.text[slice(*q.spans[0])] for q in after.questions] == [
        "40 seconds",
        "20 %",
        "start --slow",
        "6 ratio",
    ]
    assert [(after.text[start:end], level) for start, end, level in after.outline] == [
        ("Pump manual", 1),
        ("1.1 Start-up", 2),
    ]
    assert after.title
    assert after.text[slice(*after.title)] == "Pump manual"


def test_blank_lines_may_stay():
    after = shown(Never(0.99), document(MARKED))
    assert after.text.startswith("Pump manual\n\nThe pump")


def test_an_answer_that_has_marks_is_shown_without_them():
    after = shown(Never(0.0), document(MARKED, "**pump** needs `40"))
    assert after.text[slice(*after.questions[0].spans[0])] == "pump needs 40"


@pytest.mark.parametrize("text", ["", "a", "a\nb", "x ** y ** z", "5 * 3 | 2"])
def test_a_text_without_marks_stays_as_it_is(text):
    assert shown(Never(0.0), Document(text, (), "en", "cells", outline(text))).text == text


def test_answers_about_real_marks_are_the_same_but_for_the_marks():
    text = MARKED * 3
    before = Document(text, from_text(random.Random(1), text, "en", 20), "en", "cells", outline(text))
    after = shown(random.Random(2), before)
    assert before.questions
    for old, new in zip(before.questions, after.questions, strict=True):
        for was, now in zip(old.spans, new.spans, strict=True):
            bare = text[slice(*was)].replace("**", "").replace("`", "")
            assert after.text[slice(*now)] == bare or "](" in bare

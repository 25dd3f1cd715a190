"""How a chat is understood: what of it is the document, what is asked."""

import pytest

from gateway.answers import Turn
from gateway.errors import InvalidQuestion
from gateway.openai_messages import Conversation, Message, conversation_of, divided

LONG = "A long text about a pump. " * 4 + "It delivers 42 litres."
MOST = 100


def said(role, *texts):
    content = texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]
    return Message.model_validate({"role": role, "content": content})


@pytest.mark.parametrize(
    ("messages", "understood"),
    [
        pytest.param([said("user", LONG, "How much?")], (LONG, "How much?"), id="two parts"),
        pytest.param([said("user", "How much?", LONG)], (LONG, "How much?"), id="two parts, the other way round"),
        pytest.param([said("user", f"{LONG}\n\nHow much?")], (LONG, "How much?"), id="one text, asked at the end"),
        pytest.param([said("user", f"How much?\n\n{LONG}")], (LONG, "How much?"), id="one text, asked first"),
        pytest.param([said("system", LONG), said("user", "How much?")], (LONG, "How much?"), id="long system message"),
        pytest.param([said("user", "P-17 pumps.\n\nWhat?")], ("P-17 pumps.", "What?"), id="a short document"),
        pytest.param([said("user", LONG), said("user", "How much?")], None, id="a document alone"),
        pytest.param(
            [said("system", "Be brief."), said("user", LONG, "How much?")],
            (LONG, "Be brief.\nHow much?"),
            id="an instruction goes before the question",
        ),
        pytest.param(
            [said("user", f"{LONG}\n\nHow much?"), said("assistant", "42"), said("user", "Of what?")],
            (LONG, "Of what?", Turn("How much?", "42")),
            id="an earlier turn",
        ),
        pytest.param(
            [said("user", LONG, "A?"), said("assistant", "1"), said("user", LONG[::-1], "B?")],
            (f"{LONG}\n\n{LONG[::-1]}", "B?", Turn("A?", "1")),
            id="another document later",
        ),
    ],
)
def test_what_is_the_document_and_what_is_asked(messages, understood):
    if understood is None:
        with pytest.raises(InvalidQuestion):
            conversation_of(messages, MOST)
        return
    document, question, *history = understood
    assert conversation_of(messages, MOST) == Conversation(document, (), question, tuple(history))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("body\n\nmore\n\n问题：流量？", ("body\n\nmore", "问题：流量？")),
        ("What is the flow?\n\nbody\n\nend.", ("body\n\nend.", "What is the flow?")),
        ("Does it end?\n\nbody\n\nDoes it?", ("Does it end?\n\nbody", "Does it?")),
        ("body\n \n  tell me the flow  ", ("body", "tell me the flow")),
    ],
    ids=["marked", "asked first", "both ask: the last", "an order, blank line with a space"],
)
def test_a_text_is_divided_where_it_asks(text, parts):
    assert divided(text) == parts


@pytest.mark.parametrize(
    "text", ["only one paragraph", "", "body\n\n" + "x" * 1001], ids=["one", "none", "no short one"]
)
def test_a_text_without_a_question_is_refused(text):
    with pytest.raises(InvalidQuestion):
        divided(text)


def test_every_message_after_the_last_answer_is_asked():
    messages = [said("user", LONG, "How much?"), said("user", "In litres.")]
    assert conversation_of(messages, MOST).question == "How much?\nIn litres."


def test_a_chat_whose_last_message_is_an_answer_asks_nothing():
    with pytest.raises(InvalidQuestion, match="asks nothing"):
        conversation_of([said("user", LONG, "How much?"), said("assistant", "42")], MOST)

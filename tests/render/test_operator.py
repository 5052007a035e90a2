"""What the operator reads."""

from collections.abc import Sequence
from datetime import UTC, datetime

from monitor.model.incidents import OperatorMessage, Sentence
from monitor.render.operator import operator_message

AT = datetime(2026, 2, 19, 14, 5, tzinfo=UTC)
LOST = "f1261966-8d57-5f0e-9c39-0d6f6e1c2a11 to ana: 550 nobody of that name"


def operator_message_of(
    uid: str, began: Sequence[Sentence], over: Sequence[Sentence]
) -> OperatorMessage:
    return OperatorMessage(uid=uid, target="", at=AT, began=tuple(began), over=tuple(over))


def test_sentences_begin_with_a_capital_and_details_stay_as_they_are() -> None:
    began = [("a message was given up", LOST)]
    message = operator_message(operator_message_of("1", began, [("mail works again", "")]))
    assert message.text.startswith(f"* A message was given up.\n  {LOST}.\n* Mail works again.\n")
    assert f"<strong>A message was given up:</strong> {LOST}</li>" in message.html
    assert f"A message was given up: {LOST}" in str(message.slack)
    assert message.data["began"] == [{"what": "A message was given up", "why": LOST}]


def test_its_own_id_is_in_the_data_and_not_in_the_text() -> None:
    own = "0a9d7c1e-8d57-5f0e-9c39-0d6f6e1c2a22"
    began = [("a message was given up", LOST)]
    message = operator_message(operator_message_of(own, began, []))
    assert message.uid == message.data["delivery"] == own
    assert own not in message.subject + message.text + message.html + str(message.slack)


def test_what_is_over_before_it_was_told_says_why() -> None:
    over = [("the source works again", "since 2026-02-19 14:00 UTC the source fails")]
    message = operator_message(operator_message_of("1", [], over))
    assert message.subject == "Trial monitor: The source works again"
    assert message.data["over"] == [
        "The source works again: since 2026-02-19 14:00 UTC the source fails"
    ]
    assert "\n  since 2026-02-19 14:00 UTC the source fails.\n" in message.text


def test_no_name_formats_or_mentions_in_what_slack_shows_of_it() -> None:
    began = [("the source *trials* <!channel> :tada: fails", "")]
    shown = operator_message(operator_message_of("1", began, [])).slack["text"]
    assert not {"*", "<", ">"} & set(shown)
    assert ":tada:" not in shown

"""What the operator reads."""

from datetime import UTC, datetime

from monitor.render.operator import operator_message

AT = datetime(2026, 2, 19, 14, 5, tzinfo=UTC)
LOST = "f1261966-8d57-5f0e-9c39-0d6f6e1c2a11 to ana: 550 nobody of that name"


def test_sentences_begin_with_a_capital_and_details_stay_as_they_are() -> None:
    began = [("a message was given up", LOST)]
    message = operator_message(uid="1", target="", began=began, over=["mail works again"], at=AT)
    assert message.text.startswith(f"* A message was given up.\n  {LOST}.\n* Mail works again.\n")
    assert f"<strong>A message was given up:</strong> {LOST}</li>" in message.html
    assert f"A message was given up: {LOST}" in str(message.slack)
    assert message.data["began"] == [{"what": "A message was given up", "why": LOST}]


def test_its_own_id_is_in_the_data_and_not_in_the_text() -> None:
    own = "0a9d7c1e-8d57-5f0e-9c39-0d6f6e1c2a22"
    began = [("a message was given up", LOST)]
    message = operator_message(uid=own, target="", began=began, over=[], at=AT)
    assert message.uid == message.data["delivery"] == own
    assert own not in message.subject + message.text + message.html + str(message.slack)

"""Slack's blocks drawn as a page, for the pictures of the documentation."""

import pytest

from monitor.render.alerts import render
from tests.render.alerts import samples
from tests.render.alerts.block_kit import block_kit_page


def test_every_block_of_a_message_is_drawn() -> None:
    others = samples.many(30, samples.eventful())
    sent = render(samples.digest(*others, public_url=samples.MONITOR)).slack["blocks"]
    page = block_kit_page(sent)
    assert "NCT00000001" in page
    assert 'href="https://clinicaltrials.gov/study/NCT00000000' in page


def test_marks_links_and_text_of_the_registry_are_drawn_as_slack_does() -> None:
    text = {
        "type": "mrkdwn",
        "text": "*<https://example.org/a?b&amp;c|A &lt;title&gt;>* ~old~ snake_a_b",
    }
    page = block_kit_page([{"type": "section", "text": text}])
    assert '<b><a href="https://example.org/a?b&amp;c">A &lt;title&gt;</a></b>' in page
    assert "<s>old</s> snake_a_b" in page


def test_a_block_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="carousel"):
        block_kit_page([{"type": "carousel"}])

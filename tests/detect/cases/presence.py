"""How the registry shows the record as a whole: gone, merged, back."""

from tests.detect.cases.base import Case, K, S

SAID = "NCT number NCT09000001 not found"
GONE_WORD, MERGED_WORD = "GONE", "MERGED"
NOT_FOUND = {"registryRecord": {"presence": GONE_WORD, "said": SAID}}
MERGED = {"registryRecord": {"presence": MERGED_WORD, "mergedInto": "NCT09000002"}}
ENROLLMENT = "designModule.enrollmentInfo.count"

CASES = (
    Case(
        name="a record that is not found, in the registry's words",
        kind=K.RECORD_VANISHED, severity=S.HIGH, new=NOT_FOUND, silent=True,
        facts={"reason": "not found", "said": SAID},
        path="registryRecord.presence", before=None, after=GONE_WORD,
    ),
    Case(
        name="a record that is not found, without a word",
        kind=K.RECORD_VANISHED, severity=S.HIGH, new={"registryRecord.presence": GONE_WORD},
        facts={"reason": "not found", "said": None},
    ),
    Case(
        name="a merged record that is then not found either",
        kind=K.RECORD_VANISHED, severity=S.HIGH, old=MERGED, new=NOT_FOUND, silent=True,
        facts={"reason": "not found", "said": SAID},
    ),
    Case(
        name="a record merged into another",
        kind=K.RECORD_MERGED, severity=S.HIGH, new=MERGED, silent=True,
        facts={"merged_into": "NCT09000002", "said": None},
        path="registryRecord.mergedInto", before=None, after="NCT09000002",
    ),
    Case(
        name="a record that was gone turns out to be merged",
        kind=K.RECORD_MERGED, severity=S.HIGH, old=NOT_FOUND, new=MERGED, silent=True,
        facts={"merged_into": "NCT09000002", "said": None},
    ),
    Case(
        name="a merged record merged into yet another",
        kind=K.RECORD_MERGED, severity=S.HIGH, old=MERGED, silent=True,
        new={"registryRecord": {"presence": MERGED_WORD, "mergedInto": "NCT09000003"}},
        before="NCT09000002", after="NCT09000003",
    ),
    Case(
        name="a record back as it was",
        kind=K.RECORD_RESTORED, severity=S.HIGH, old=NOT_FOUND, new={}, silent=True,
        facts={"reason": "not found"},
        path="registryRecord.presence", before=GONE_WORD, after=None,
    ),
    Case(
        name="a merged record back",
        kind=K.RECORD_RESTORED, severity=S.HIGH, old=MERGED, new={}, silent=True,
        facts={"reason": "merged", "merged_into": "NCT09000002"},
    ),
    Case(
        name="a record back under a new date",
        kind=K.RECORD_RESTORED, severity=S.HIGH, old=NOT_FOUND, new={},
    ),
    Case(
        name="a record back with what changed while it was away",
        kind=K.RECORD_RESTORED, severity=S.HIGH, old=NOT_FOUND, new={ENROLLMENT: 210},
        alone=False,
    ),
    Case(
        name="a target that changed while the record was away, under the old date",
        kind=K.ENROLLMENT_TARGET_CHANGED, severity=S.MEDIUM, old=NOT_FOUND, new={ENROLLMENT: 210},
        silent=True, before=200, after=210, alone=False,
    ),
    Case(
        name="other words for a record that is still gone",
        kind=K.REGISTRY_NORMALIZATION, severity=S.NOISE, old=NOT_FOUND, silent=True,
        new={"registryRecord": {"presence": GONE_WORD, "said": "no such study"}},
        path="registryRecord.said", before=SAID, after="no such study",
    ),
    Case(
        name="a withheld record that is then not found",
        kind=K.RECORD_VANISHED, severity=S.HIGH, silent=True,
        old={"statusModule.overallStatus": "WITHHELD"},
        new={"statusModule.overallStatus": "WITHHELD", **NOT_FOUND},
        facts={"reason": "not found", "said": SAID},
    ),
    Case(
        name="a record that was withheld and gone is whole again",
        kind=K.RECORD_RESTORED, severity=S.HIGH,
        old={"statusModule.overallStatus": "WITHHELD", **NOT_FOUND}, new={ENROLLMENT: 210},
        facts={"reason": "withheld"}, before="WITHHELD", after="RECRUITING",
    ),
    Case(
        name="a record that was gone comes back withheld",
        kind=K.RECORD_VANISHED, severity=S.HIGH,
        old=NOT_FOUND, new={"statusModule.overallStatus": "WITHHELD"},
        facts={"reason": "withheld"},
    ),
)  # fmt: skip

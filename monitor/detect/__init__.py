"""From two records of a trial to what changed and what the change means. Pure: no clock, no I/O.

Ingest asks in this order::

    fingerprints     is the content one that the trial's history has already?
    partial_records  what is known once a record that states less has been read
    diff             which fields differ: align makes two trees (pairing says which items are one,
                     texts and keys what is the same), DeepDiff compares them
    classify         what the changes mean: one table of rules, which are in rules/
    facts            the values that tables and series are made of

Eligibility criteria have their own way below rules/eligibility: outline, run_ins, headings, then
criteria, overlap, limits. Outcomes have theirs below rules/outcomes: likeness, contradictions.
"""

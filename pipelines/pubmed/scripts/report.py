"""Writes what all runs say of themselves: `snakemake` gives their records and the place of the report."""

import json
from pathlib import Path


def report(runs):
    """The report over records of runs, as Markdown."""
    total = {key: sum(run[key] for run in runs) for key in ("documents", "findings", "issues")}
    made = {run["provenance"]: run["made_with"] for run in runs}
    lines = [
        "# Findings",
        "",
        f"{len(runs)} files, {total['documents']} documents, {total['findings']} findings; "
        f"{total['issues']} records, or parts of them, could not be used (`issues/`).",
        "",
    ]
    if len(made) > 1:
        lines += ["**Not all were made with the same.** They should not be read as one set.", ""]
    for provenance, of in sorted(made.items()):
        model = of["model"]
        files = sum(run["provenance"] == provenance for run in runs)
        lines += [
            f"## {provenance}",
            "",
            f"- files: {files}",
            f"- task: {of['task']} (version {of['task_version']}), parameters {json.dumps(of['parameters'], sort_keys=True)}",
            f"- model: {model['name']}, weights {model['sha256']}",
        ]
        for one in of["dictionaries"] or []:
            lines.append(f"- dictionary: {one['name']}, {one['sha256']}")
        lines.append("")
    lines += ["## Files", "", "| file | SHA-256 | documents | findings | issues |", "|---|---|---|---|---|"]
    for run in sorted(runs, key=lambda run: run["input"]["name"]):
        source = run["input"]
        lines.append(
            f"| {source['name']} | {source['sha256'][:16]} | {run['documents']} | {run['findings']} | {run['issues']} |"
        )
    return "\n".join(lines) + "\n"


if "snakemake" in globals():
    records = [json.loads(Path(path).read_text()) for path in snakemake.input.runs]  # noqa: F821
    Path(snakemake.output[0]).write_text(report(records))  # noqa: F821

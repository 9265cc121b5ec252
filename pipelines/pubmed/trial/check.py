#!/usr/bin/env python3
"""Runs the workflow over small files undisturbed and with workers killed in the middle, and compares every byte:

    check.py OSLER_CLI SNAKEMAKE MODELS [RECORDS FILES [COMMAND]]

The standard library alone; ends with 1 and what differs, else with 0.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TEXTS = [
    ("Naloxone and blood pressure", "Naloxone induced hypertension in two patients. The pressure rose after naloxone."),
    ("A history", "We describe the history of a hospital in words alone."),
    ("Lithium", "Lithium carbonate did not cause nausea in rats, while \u03b2-blockers caused asthma."),
]


def snakemake(folder, out, arguments, options=()):
    program, osler, models, command = arguments
    given = [program, "--profile", "profiles/local", "--cores", "2", *options, "--config"]
    given += [f"osler={osler}", f"out={out}", f"command={command}"]
    environment = dict(os.environ, OSLER_HOME=str(folder / "home"), OSLER_MODELS=models)
    with open(folder / f"{out}.log", "ab") as log:
        return subprocess.Popen(given, cwd=folder, stdout=log, stderr=log, env=environment, start_new_session=True)


def outputs(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for part in ("findings", "issues", "runs")
        for path in sorted((folder / part).iterdir())
    }


def fail(folder, why):
    for log in folder.glob("*.log"):
        print(f"== {log.name}", log.read_text()[-3000:], sep="\n")
    sys.exit(why)


def main():
    osler, program, models = (str(Path(one).absolute()) for one in sys.argv[1:4])
    records, files = int(sys.argv[4]) if len(sys.argv) > 4 else 240, int(sys.argv[5]) if len(sys.argv) > 5 else 4
    command = sys.argv[6] if len(sys.argv) > 6 else "extract --task bc5cdr"
    arguments = (program, osler, models, command)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for part in ("Snakefile", "config.yaml", "profiles", "scripts"):
            source = HERE.parent / part
            shutil.copytree(source, folder / part) if source.is_dir() else shutil.copy(source, folder / part)
        abstracts = folder / "abstracts.jsonl"
        abstracts.write_text("".join(json.dumps({"title": title, "text": text}) + "\n" for title, text in TEXTS))
        making = [sys.executable, HERE / "baseline.py", abstracts, folder / "base", str(records), str(files)]
        subprocess.run(making, check=True)
        names = sorted((folder / "base").iterdir())
        (folder / "files.txt").write_text("".join(f"base/{path.name}\n" for path in names))

        begun = time.monotonic()
        if snakemake(folder, "undisturbed", arguments).wait() != 0:
            fail(folder, "the workflow failed")
        took = time.monotonic() - begun
        expected = outputs(folder / "undisturbed")
        kills = 0
        while True:
            running = snakemake(folder, "killed", arguments)
            try:
                # Later each time, until it comes to its end.
                code = running.wait(timeout=took * (0.35 + 0.15 * kills))
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
                kills += 1
                unlocked = snakemake(folder, "killed", arguments, ["--unlock"]).wait()
                if unlocked != 0 or kills > 30:
                    fail(folder, "a killed workflow does not go on")
                continue
            if code != 0:
                fail(folder, "the workflow failed after it was killed")
            break
        written = outputs(folder / "killed")
        different = sorted(name for name in {**expected, **written} if expected.get(name) != written.get(name))
        if different:
            fail(folder, f"after {kills} kills these differ: {', '.join(different)}")
        runs = [json.loads(content) for name, content in expected.items() if name.startswith("runs")]
        documents, findings = (sum(run[key] for run in runs) for key in ("documents", "findings"))
        report = (folder / "undisturbed" / "report.md").read_text()
        said = f"{files} files, {documents} documents, {findings} findings"
        if len(runs) != files or findings == 0 or said not in report:
            fail(folder, f"the report does not say {said}: {report}")
        print(f"{said}: the same bytes after {kills} kills")


if __name__ == "__main__":
    main()

"""Kernel launches that one written token takes on a graphics device, by kernel: they do not depend on the card.

CubeCL tells each kernel that it runs where `cubecl.toml` asks for it. Two runs that differ by some tokens tell what one takes.
Standard library only.
"""

import argparse
import collections
import os
import pathlib
import re
import subprocess
import tempfile

# What CubeCL runs to find out about the device, and to choose among kernels.
ABOUT_THE_DEVICE = ("LaunchOverhead", "Throughput", "FullKernel")


def launches(arguments, tokens):
    """Kernels of a run that writes so many tokens."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "log")
        settings = f'[profiling]\nlogger = {{ level = "minimal", file = "{log}" }}\n'
        pathlib.Path(folder, "cubecl.toml").write_text(settings)
        command = [
            arguments.osler.resolve(), "describe", arguments.term, "--model", arguments.model.resolve(),
            "--device", arguments.device, "--max-tokens", str(tokens),
        ]
        command += ["--varied", "--seed", "3"] if arguments.varied else []
        environment = dict(os.environ, CUBECL_AUTOTUNE_LEVEL="minimal")
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        names = re.findall(r"^Executing (\w+?)(?:_[0-9a-f]{6,})?(?: \||$)", log.read_text(), re.MULTILINE)
    return collections.Counter(n for n in names if not any(about in n for about in ABOUT_THE_DEVICE))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--osler", type=pathlib.Path, required=True, help="osler-cli")
    parser.add_argument("--model", type=pathlib.Path, required=True, help="a model folder")
    parser.add_argument("--device", default="software")
    parser.add_argument("--term", default="aspirin", help="one whose description is long enough")
    parser.add_argument("--varied", action="store_true", help="sample instead of beam search")
    parser.add_argument("--tokens", type=int, nargs=2, default=[8, 16])
    arguments = parser.parse_args()
    few, many = arguments.tokens
    less, more = launches(arguments, few), launches(arguments, many)
    each = {name: (more[name] - less[name]) / (many - few) for name in more}
    for name, count in sorted(each.items(), key=lambda item: -item[1]):
        if count:
            print(f"{count:8.2f}  {name}")
    print(f"{sum(each.values()):8.2f}  launches a token")


if __name__ == "__main__":
    main()

"""Jars from Maven, and the Java that runs them."""

import os
import shutil
import subprocess
from pathlib import Path

from stack.engines import EngineError
from stack.state import CHECKOUT

_HERE = Path(__file__).parent
_KEPT = CHECKOUT / ".ventanilla" / "engines"
"""Beside the data of a developer's stack, so that `make clean` leaves them."""

OLDEST_JAVA = 17


def jars(name: str) -> str:
    """A class path with what `<name>/pom.xml` asks for; fetched once, then kept. Blocks.

    Raises `EngineError`, in one line, when Maven is missing or cannot fetch.
    """
    pom = _HERE / name / "pom.xml"
    folder, done = _KEPT / name, _KEPT / name / "pom.xml"
    if not done.exists() or done.read_bytes() != pom.read_bytes():
        maven = shutil.which("mvn")
        if maven is None:
            raise EngineError(f"{name}: Maven is missing; install it (Debian: apt-get install maven)")
        shutil.rmtree(folder, ignore_errors=True)
        fetched = subprocess.run(
            [
                maven,
                "-q",
                "-B",
                "-f",
                str(pom),
                "dependency:copy-dependencies",
                f"-DoutputDirectory={folder}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if fetched.returncode != 0:
            lines = [line for line in fetched.stdout.splitlines() if line.startswith("[ERROR]")]
            raise EngineError(
                f"{name}: Maven could not fetch it: {' '.join(lines[:1]) or fetched.stderr[-300:]}"
            )
        shutil.copy(pom, done)
    return str(folder / "*")


def java() -> str:
    """The command. Raises `EngineError`, in one line, when there is none or it is too old."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        raise EngineError(
            f"Java is missing; install {OLDEST_JAVA} or newer (Debian: apt-get install default-jdk-headless)"
        )
    version = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    number = version.partition('"')[2].partition(".")[0]
    if not number.isdigit() or int(number) < OLDEST_JAVA:
        raise EngineError(
            f"{found} is Java {number or 'of an unknown version'}; {OLDEST_JAVA} or newer is needed"
        )
    return found

"""mongo-java-server: MongoDB's protocol on one file, in a Java process (see docs/decisions/0013)."""

from pathlib import Path

from engines.jars import jars, java
from stack.engines import Engine, mongo_answers, start_engine

_MAIN = Path(__file__).parent / "documents" / "DocumentServer.java"


def start_documents(folder: Path, port: int | None = None) -> Engine:
    """Start it on `folder`, on a free port or the given one, and wait until it answers. Blocks.

    Raises `EngineError`.
    """
    class_path, command = jars("documents"), java()

    def line(data: Path, port: int) -> list[str]:
        return [
            command, "-Xmx1g", "-XX:+UseParallelGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp", class_path, str(_MAIN), str(data / "documents.mv"), str(port),
        ]  # fmt: skip

    return start_engine("documents", port, folder, line, mongo_answers)

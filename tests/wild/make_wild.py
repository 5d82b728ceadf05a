"""Writes the files of the corpus, byte for byte: `python -m tests.wild.make_wild`."""

from tests.wild.case import FILES
from tests.wild.corpus import BINARIES, TEXTS


def main() -> None:
    """Writes every file anew and removes those that no module knows."""
    FILES.mkdir(exist_ok=True)
    for path in FILES.iterdir():
        path.unlink()
    for name, data in TEXTS.items():
        (FILES / name).write_bytes(data)
    for name, write in BINARIES.items():
        write(FILES / name)
    print(f"{len(TEXTS)} text files and {len(BINARIES)} binary files in {FILES.name}")


if __name__ == "__main__":
    main()

"""Uploaded archives: unpacking, attacks and a full disk."""

import io
import stat
import struct
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

import pytest
from PIL import Image

from analysis.images import upload
from analysis.images.folder import folder_set
from analysis.images.upload import keep, unpack


def png(value: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 6), value).save(out, "PNG")
    return out.getvalue()


PNG = png()
PLAIN = {f"{label}/{number}.png": png(number) for label in ("rose", "tulip") for number in (1, 2)}


def packed(files: dict[str, bytes], method: int = ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            info = ZipInfo(name)
            info.filename = name
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


def below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def refused(data: bytes, tmp_path: Path, says: str) -> None:
    """Check for an error of one sentence, and for nothing on the disk."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        unpack(data, tmp_path / "into" / "set")
    assert str(caught.value) == says
    assert [path for path in sorted(tmp_path.rglob("*")) if path.name != "into"] == before


@pytest.mark.parametrize("top", ["", "flowers/", "archive/flowers/"])
def test_an_archive_becomes_a_folder(tmp_path: Path, top: str) -> None:
    line = b'{"file": "rose/1.png", "label": "rose"}\n'
    files = {f"{top}{name}": content for name, content in PLAIN.items()}
    others = {
        f"{top}train.jsonl": line,
        f"{top}rose/valid.jsonl": line,
        f"{top}rose/notes.txt": b"text",
        f"{top}rose/run.py": b"print()",
        f"{top}rose/.hidden.png": PNG,
        f"{top}.git/1.png": PNG,
        f"__MACOSX/{top}rose/._1.png": b"resource fork",
        "README.md": b"beside them",
    }
    found = unpack(packed(files | others), tmp_path / "set")
    assert found == tmp_path / "set"
    assert below(found) == sorted([*PLAIN, "train.jsonl"])
    assert all((found / name).read_bytes() == content for name, content in PLAIN.items())
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    (found / "train.jsonl").unlink()
    assert folder_set(found).classes == ("rose", "tulip")


def test_a_file_is_unpacked_as_its_bytes_are(tmp_path: Path) -> None:
    data = packed(PLAIN)
    file = io.BytesIO(data)
    file.seek(7)
    assert below(unpack(file, tmp_path / "file")) == below(unpack(data, tmp_path / "bytes"))


def test_a_single_class_keeps_its_folder(tmp_path: Path) -> None:
    found = unpack(packed({"top/rose/1.png": PNG, "top/rose/2.png": PNG}), tmp_path / "set")
    assert below(found) == ["rose/1.png", "rose/2.png"]
    flat = unpack(packed({"1.png": PNG, "rose/2.png": PNG}), tmp_path / "flat")
    assert below(flat) == ["1.png", "rose/2.png"]


def test_what_is_there_already_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"^set already exists$"):
        unpack(packed(PLAIN), tmp_path / "set")
    assert below(tmp_path) == ["set/mine.txt"]


# ---------------------------------------------------------------------------------------- attacks


@pytest.mark.parametrize(
    "name",
    [
        "../evil.png",
        "rose/../../evil.png",
        "rose/..",
        "/etc/evil.png",
        "//server/evil.png",
        "C:/evil.png",
        "c:evil.png",
        "..\\evil.png",
        "rose\\1.png",
        "rose/1.png\0.txt",
    ],
)
def test_a_path_out_of_the_archive(tmp_path: Path, name: str) -> None:
    shown = name.replace("\0", "�")
    refused(packed(PLAIN | {name: PNG}), tmp_path, f"the archive contains an unsafe path, {shown}")


def test_a_path_without_a_name(tmp_path: Path) -> None:
    data = bytearray(packed(PLAIN | {"x": PNG}))
    lengths = data.rindex(b"PK\x01\x02") + 28
    data[lengths : lengths + 4] = struct.pack("<2H", 0, 1)  # the name becomes an extra field
    refused(bytes(data), tmp_path, "the archive contains an unsafe path, ")


@pytest.mark.parametrize("name", ["rose/link.png", "rose/link"])
def test_a_link(tmp_path: Path, name: str) -> None:
    out = io.BytesIO(packed(PLAIN))
    with ZipFile(out, "a") as archive:
        link = ZipInfo(name)
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    says = f"the archive contains a link, {name}: include the file itself"
    refused(out.getvalue(), tmp_path, says)


def test_folders_within_folders(tmp_path: Path) -> None:
    fine = {f"{'a/' * 19}{number}.png": PNG for number in range(2)}
    assert below(unpack(packed(fine), tmp_path / "fine")) == ["a/0.png", "a/1.png"]
    says = "the archive nests folders too deeply: at most 20 levels are allowed"
    (tmp_path / "deep").mkdir()
    refused(packed({f"{'a/' * 20}1.png": PNG}), tmp_path / "deep", says)


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (upload.MAX_BYTES, upload.MAX_RATIO) == (1_000_000_000, 100)
    monkeypatch.setattr(upload, "FREE_BYTES", 2_000_000)
    bomb = PLAIN | {"rose/bomb.png": bytes(8_000_000)}
    says = "the archive unpacks to more than 100 times its size, which pictures never do"
    refused(packed(bomb), tmp_path, says)
    monkeypatch.setattr(upload, "FREE_BYTES", 10_000_000)
    assert len(below(unpack(packed(bomb), tmp_path / "fine"))) == 5
    monkeypatch.setattr(upload, "MAX_BYTES", 2_000_000)
    (tmp_path / "total").mkdir()
    refused(packed(bomb), tmp_path / "total", "the archive unpacks to more than 0 GB")


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    data = bytearray(packed(PLAIN | {"rose/bomb.png": bytes(1_000_000)}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    refused(bytes(data), tmp_path, "the archive is damaged or is not a .zip file")


def test_200_000_files_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "ZipFile", None)
    entries = (b"PK\x01\x02" + bytes(43)) * 200_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 5, 5, len(entries), 0, 0)
    refused(entries + end, tmp_path, "the archive has too many files: at most 50,000 are allowed")


def test_entries_are_counted_across_the_chunks_that_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chunk in (1, 3, 5, 7):
        monkeypatch.setattr(upload, "_CHUNK_BYTES", chunk)
        monkeypatch.setattr(upload, "MAX_ENTRIES", 4)
        assert len(below(unpack(packed(PLAIN), tmp_path / f"fine{chunk}"))) == 4
        monkeypatch.setattr(upload, "MAX_ENTRIES", 3)
        with pytest.raises(ValueError, match=r"^the archive has too many files: at most 3"):
            unpack(packed(PLAIN), tmp_path / "set")


def test_too_many_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert upload.MAX_FILES == 20_000
    monkeypatch.setattr(upload, "MAX_FILES", 3)
    says = "the archive has too many pictures: at most 3 are allowed"
    refused(packed(PLAIN), tmp_path, says)


def test_an_encrypted_archive(tmp_path: Path) -> None:
    data = bytearray(packed(PLAIN))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    refused(bytes(data), tmp_path, "the archive is encrypted: create it without a password")


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_another_method_of_packing(tmp_path: Path, method: int) -> None:
    says = "the archive uses a compression other than deflate: create an ordinary .zip file"
    refused(packed(PLAIN, method), tmp_path, says)


def test_a_damaged_archive(tmp_path: Path) -> None:
    data = packed(PLAIN)
    garbled = bytearray(data)
    garbled[60] ^= 255
    for damaged in (data[:-30], data[: len(data) // 2], b"", b"Rar!", bytes(100), bytes(garbled)):
        refused(damaged, tmp_path, "the archive is damaged or is not a .zip file")


def test_every_byte_of_an_archive_may_be_wrong(tmp_path: Path) -> None:
    data = packed({"a/1.png": b"x" * 40, "b/1.png": b"y" * 40})
    for place in range(len(data)):
        for flip in (1, 0x80, 0xFF):
            wrong = bytearray(data)
            wrong[place] ^= flip
            into = tmp_path / f"{place}-{flip}"
            try:
                unpack(bytes(wrong), into)
            except ValueError as error:
                assert str(error).startswith("the archive ")
                assert "\n" not in str(error)
                assert not into.exists()
    assert not list(tmp_path.glob(".unpacking-*"))


def test_the_same_file_twice(tmp_path: Path) -> None:
    data = packed(PLAIN | {"rose/./1.png": PNG})
    refused(data, tmp_path, "rose/1.png appears twice in the archive")


def test_no_pictures(tmp_path: Path) -> None:
    for files in ({}, {"rose/1.txt": b""}, {"train.jsonl": b""}, {"__MACOSX/rose/1.png": PNG}):
        refused(packed(files), tmp_path, "the archive has no pictures")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match=r"^the archive cannot be unpacked: no space left on device$"):
        unpack(packed(PLAIN), tmp_path / "set")
    assert not list(tmp_path.iterdir())


def test_a_file_where_another_wants_a_folder(tmp_path: Path) -> None:
    data = packed({"a.png": PNG, "a.png/1.png": PNG})
    with pytest.raises(OSError, match=r"^the archive cannot be unpacked: [^\n]+$"):
        unpack(data, tmp_path / "set")
    assert not list(tmp_path.iterdir())


def test_uploads_are_kept_once_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path))
    monkeypatch.setattr(upload, "MAX_UPLOADS", 2)
    first = keep(packed(PLAIN), "my <roses>.zip")
    assert first.name == "my--roses-"
    assert keep(packed(PLAIN), "my <roses>.zip") == first
    kept = [keep(packed({**PLAIN, "rose/3.png": png(n)}), ".zip") for n in range(3)]
    assert kept[2].name == "pictures"
    assert kept[2].exists()
    assert len(list((tmp_path / "uploads").iterdir())) == 2
    assert folder_set(kept[2]).classes == ("rose", "tulip")

"""Bytes of a file as text, with errors that name the place."""

from textcl.errors import DataError

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decoded(raw: bytes, place: str) -> str:
    """Return bytes as text, without a byte order mark.

    Raises:
        DataError: They are not UTF-8.
    """
    try:
        return raw.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        byte = raw[fault.start]
        encoding = "utf-16" if raw.startswith(_UTF16_MARKS) else "latin1"
        raise DataError(
            f"{place}: not UTF-8 (byte 0x{byte:02x} at column {fault.start + 1}). "
            f"Convert the file, for example: iconv -f {encoding} -t utf-8"
        ) from fault

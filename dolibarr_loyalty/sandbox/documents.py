"""Files beside documents: uploads, generated PDFs, downloads."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .house import saving
from .payments import Payments
from .refusals import Refusal
from .storage import Row

FOLDERS = {"invoice": "facture", "facture": "facture", "societe": "societe"}
_NO_FILE = "File not found"


class Documents(Payments):
    """The documents directory, kept as rows."""

    @saving
    def upload(self, *, filename: str, modulepart: str, content: bytes, folder: str, overwrite: bool) -> str:
        """Put a file beside a document; returns its name."""
        if modulepart not in FOLDERS:
            raise Refusal(500, f"Modulepart {modulepart} not implemented yet.")
        path = f"{FOLDERS[modulepart]}/{folder}/{filename}"
        known = self.file(path)
        if known is not None and not overwrite:
            raise Refusal(400, f"File with name '{filename}' already exists.")
        self._put_file(path, content, known)
        return filename

    def _put_file(self, path: str, content: bytes, known: Row | None) -> Row:
        columns = {"path": path, "content": base64.b64encode(content).decode(), "size": len(content)}
        if known is not None:
            return self.store.change("file", known["rowid"], columns)
        return self.add("file", columns)

    def file(self, path: str) -> Row | None:
        """A file by its path below the documents directory."""
        return next((row for row in self.store.rows("file") if row["path"] == path), None)

    def files_in(self, folder: str) -> list[Row]:
        """The files of one folder, by name."""
        rows = [row for row in self.store.rows("file") if row["path"].rpartition("/")[0] == folder]
        return sorted(rows, key=lambda row: str(row["path"]))

    @saving
    def build_document(self, original_file: str, template: str = "") -> Row:
        """Make a document's PDF again."""
        ref = original_file.partition("/")[0]
        found = self.store.find("invoice", "ref", ref)
        if not found:
            raise Refusal(404, "Invoice not found")
        if template.endswith("_odt") or original_file.endswith(".odt"):
            raise Refusal(404, _NO_FILE)  # a template without an installed .odt
        path = f"facture/{ref}/{ref}.pdf"
        self.change("invoice", found[0]["rowid"], last_main_doc=path)
        return self._put_file(path, minimal_pdf(ref), self.file(path))

    @saving
    def delete_file(self, path: str) -> None:
        """Remove a file."""
        known = self.file(path)
        if known is None:
            raise Refusal(404, _NO_FILE)
        self.store.remove("file", known["rowid"])


def decoded(content: Any, encoding: str) -> bytes:
    """The bytes of an upload's `filecontent`."""
    if encoding != "base64":
        return str(content).encode()
    try:
        return base64.b64decode(str(content))
    except binascii.Error:
        raise Refusal(400, "Error in base64 content") from None


def minimal_pdf(title: str) -> bytes:
    """A one-page PDF that names its document."""
    text = f"BT /F1 18 Tf 72 720 Td ({title}) Tj ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(body)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return body + head + table + tail

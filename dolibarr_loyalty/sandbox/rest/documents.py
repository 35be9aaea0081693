"""Calls below /documents."""

from __future__ import annotations

from typing import Any

from .. import rendering, rights
from ..documents import FOLDERS, decoded
from ..refusals import Refusal
from ..storage import Row
from .calls import Call
from .routes import route


@route("PUT", "/documents/builddoc")
def build(call: Call) -> Any:
    """Make an invoice's PDF."""
    call.need(rights.INVOICE_WRITE)
    original = str(call.body.get("original_file") or "")
    row = call.dolibarr.build_document(original, str(call.body.get("doctemplate") or ""))
    return {
        **_file(row),
        "langcode": str(call.body.get("langcode") or ""),
        "template": call.body.get("doctemplate"),
    }


@route("GET", "/documents/download")
def download(call: Call) -> Any:
    """A file as base64."""
    call.need(rights.INVOICE_READ)
    folder = FOLDERS.get(call.query.get("modulepart", ""), "")
    row = call.dolibarr.file(f"{folder}/{call.query.get('original_file', '')}")
    if row is None:
        raise Refusal(404, "File not found")
    return _file(row)


def _file(row: Row) -> dict[str, Any]:
    return {
        "filename": row["path"].rpartition("/")[2],
        "content-type": "application/pdf" if row["path"].endswith(".pdf") else "application/octet-stream",
        "filesize": row["size"],
        "content": row["content"],
        "encoding": "base64",
    }


@route("POST", "/documents/upload")
def upload(call: Call) -> Any:
    """Upload: 16 refuses without the ECM module, 23 allows it to a user without any right."""
    if call.dolibarr.is_16:
        raise Refusal(401)
    body = call.body
    part = str(body.get("modulepart") or "")
    folder = str(body.get("ref") or "") if part != "societe" else str(body.get("subdir") or "")
    return call.dolibarr.upload(
        filename=str(call.needed_text("filename")),
        modulepart=part,
        content=decoded(body.get("filecontent"), str(body.get("fileencoding") or "")),
        folder=folder,
        overwrite=str(body.get("overwriteifexists") or "0") not in ("0", "False"),
    )


@route("GET", "/documents")
def list_documents(call: Call) -> Any:
    """The files of one object."""
    part, wanted = call.query.get("modulepart", ""), call.query.get("id", "")
    folder = _folder(call, part, wanted)
    rows = call.dolibarr.files_in(folder)
    if not rows:
        text = f"Search for modulepart {part} with Id {wanted} or Ref {wanted} does not return any document."
        raise Refusal(404, text)
    return [rendering.document(call.dolibarr, row) for row in rows]


def _folder(call: Call, part: str, wanted: str) -> str:
    if part in ("thirdparty", "societe"):
        call.need(rights.THIRDPARTY_READ)
        return f"societe/{wanted}"
    call.need(rights.INVOICE_READ)
    row = call.dolibarr.invoice(int(wanted)) if wanted.isdigit() else None
    if row is None:
        raise Refusal(404, "Invoice not found")
    return f"facture/{row['ref']}"


@route("DELETE", "/documents")
def delete_document(call: Call) -> Any:
    """Remove a file."""
    call.need(rights.INVOICE_WRITE)
    folder = FOLDERS.get(call.query.get("modulepart", ""), "")
    call.dolibarr.delete_file(f"{folder}/{call.query.get('original_file', '')}")
    return {"success": {"code": 200, "message": "Document deleted"}}

"""What the services answer: conversations, tokens, an instance's identity."""

from __future__ import annotations

import base64
import binascii
import json
import struct
from typing import TYPE_CHECKING, Any

from tests.real import cloud_services

if TYPE_CHECKING:
    from tests.real.stub import Request

REPLY = "the stub heard you"
MODEL = "claude-sonnet-4-5"
INSTANCE_KEY_ID = cloud_services.key_id("INSTANCE")


def response(request: Request) -> tuple[int, str, bytes]:
    """Return status, content type and body for a request."""
    place = request.path.partition("?")[0]
    if request.is_message:
        return 200, *_conversation(request, place)
    if place in _FIXED:
        return 200, *_FIXED[place]
    of_cloud = cloud_services.answer(request)
    if of_cloud is not None:
        return of_cloud
    # Such as the policies of an organisation: there are none.
    error = {"type": "not_found_error", "message": "not found"}
    return 404, *as_json({"type": "error", "error": error})


def _conversation(request: Request, place: str) -> tuple[str, bytes]:
    if place.endswith("/invoke-with-response-stream"):
        frames = b"".join(_aws_frame(event) for event in _events())
        return "application/vnd.amazon.eventstream", frames
    if place.endswith(":streamRawPredict") or _wants_stream(request.body):
        text = "".join(
            f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
            for event in _events()
        )
        return "text/event-stream", text.encode()
    return as_json(_message([{"type": "text", "text": REPLY}]))


def as_json(document: Any) -> tuple[str, bytes]:
    """Return content type and body of a document."""
    return "application/json", json.dumps(document).encode()


def as_text(text: str) -> tuple[str, bytes]:
    """Return content type and body of a page, or of plain text."""
    kind = "html" if text.startswith("<") else "plain"
    return f"text/{kind}; charset=utf-8", text.encode()


def _wants_stream(body: bytes) -> bool:
    try:
        return bool(json.loads(body).get("stream"))
    except (ValueError, AttributeError):
        return False


_FIXED = {
    # What an identity token is traded for (workload federation).
    "/v1/oauth/token": as_json(
        {
            "access_token": "sk-ant-oat01-REFRESHED-1",
            "refresh_token": "sk-ant-ort01-REFRESHED-1",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "user:inference user:profile",
        }
    ),
    "/inference-profiles": as_json({"inferenceProfileSummaries": []}),
}


def _message(content: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "msg_FAKE",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": content,
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _events() -> list[dict[str, Any]]:
    start = {**_message([]), "stop_reason": None}
    text = {"type": "text_delta", "text": REPLY}
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    return [
        {"type": "message_start", "message": start},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        {"type": "content_block_delta", "index": 0, "delta": text},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]


def _aws_frame(event: dict[str, Any]) -> bytes:
    """Wrap an event in AWS's event stream encoding.

    Lengths, a checksum of them, headers, payload, a checksum of all:
    https://smithy.io/2.0/aws/amazon-eventstream.html
    """
    inner = base64.b64encode(json.dumps(event).encode()).decode()
    payload = json.dumps({"bytes": inner}).encode()
    headers = b"".join(
        struct.pack(">B", len(name))
        + name
        + struct.pack(">BH", 7, len(value))
        + value
        for name, value in (
            (b":event-type", b"chunk"),
            (b":content-type", b"application/json"),
            (b":message-type", b"event"),
        )
    )
    total = 16 + len(headers) + len(payload)
    frame = struct.pack(">II", total, len(headers))
    frame += struct.pack(">I", binascii.crc32(frame)) + headers + payload
    return frame + struct.pack(">I", binascii.crc32(frame))

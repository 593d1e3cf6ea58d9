"""M4A, MP4 and WebM, taken apart in a child process."""

from __future__ import annotations

import io
from importlib import util
from typing import Any

import numpy as np
import pytest

from affect.errors import MediaRejected
from affect.perception.audio import decode
from affect.perception.video import FRAMES, VideoNote, open_video
from tests.affect.perception.sounds import encoded, tone

av: Any = pytest.importorskip("av", reason="needs the extra `video`")


def recorded(form: str, codec: str, *, pictures: bool = False, seconds: float = 2.0) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=form) as file:
        sound = file.add_stream(codec, rate=48_000, layout="mono")
        film = None
        if pictures:
            film = file.add_stream("mpeg4" if form == "mp4" else "libvpx", rate=10)
            film.width, film.height, film.pix_fmt = 96, 64, "yuv420p"
        samples = (tone(seconds) * 32767).astype(np.int16)
        for start in range(0, len(samples), 960):
            block = samples[None, start : start + 960]
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, start
            file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
        if film is not None:
            for k in range(round(10 * seconds)):
                shade = np.full((64, 96, 3), 10 * k % 256, dtype=np.uint8)
                file.mux(film.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
            file.mux(film.encode(None))
    return out.getvalue()


def rejected(data: bytes) -> str:
    with pytest.raises(MediaRejected) as caught:
        open_video(data)
    return caught.value.kind


def outcome(data: bytes) -> VideoNote | str:
    try:
        return open_video(data)
    except MediaRejected as wrong:
        return wrong.kind


@pytest.mark.parametrize(("form", "codec"), [("mp4", "aac"), ("webm", "libopus")])
def test_sounds_of_other_containers_are_heard(form: str, codec: str) -> None:
    sound = decode(recorded(form, codec))
    assert sound.seconds == pytest.approx(2.0, abs=0.15)
    spectrum = np.abs(np.fft.rfft(sound.samples))
    assert np.argmax(spectrum) * 16_000 / len(sound.samples) == pytest.approx(440, abs=5)


def test_a_video_note_gives_sound_and_pictures_in_order() -> None:
    note = open_video(recorded("mp4", "aac", pictures=True))
    assert note.sound is not None
    assert note.sound.seconds == pytest.approx(2.0, abs=0.15)
    assert len(note.frames) == FRAMES
    shades = [float(frame.pixels.mean()) for frame in note.frames]
    assert shades == sorted(shades)
    assert note.frames[0].pixels.shape == (64, 96, 3)


def test_a_note_without_pictures_has_none() -> None:
    assert open_video(recorded("mp4", "aac")).frames == ()


def test_what_cannot_be_taken_apart_is_refused() -> None:
    whole = recorded("mp4", "aac")
    assert rejected(b"") == "empty"
    assert rejected(encoded(tone(0.3), "wav")) == "not_video"
    assert rejected(b"\0\0\0\x20ftypisom" + bytes(200)) == "broken"
    assert rejected(whole[: len(whole) // 2]) == "broken"  # its table of contents is at the end
    assert rejected(b"\x1a\x45\xdf\xa3" + bytes(300)) == "broken"


def test_mutated_files_are_taken_apart_or_refused() -> None:
    random = np.random.default_rng(3)
    whole = recorded("mp4", "aac", seconds=0.5)
    for _ in range(8):
        data = bytearray(whole)
        for at in random.integers(12, len(data), size=25):
            data[at] = random.integers(0, 256)
        note = outcome(bytes(data))
        if isinstance(note, str):
            assert note in {"broken", "too_long"}
        else:
            assert note.sound is None or np.all(np.abs(note.sound.samples) <= 1)


def test_without_the_extra_it_is_said_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", lambda _name: None)
    with pytest.raises(MediaRejected, match=r"attune-companion\[video\]") as caught:
        decode(b"\0\0\0\x20ftypM4A " + bytes(100))
    assert caught.value.kind == "no_decoder"

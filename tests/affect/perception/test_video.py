"""M4A, MP4 and WebM, taken apart in a child process."""

from __future__ import annotations

import io
import struct
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from affect.errors import MediaRejected
from affect.perception import sandbox
from affect.perception.audio import MOST_BYTES, decode
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
                shade[:, :16] = 255  # a bright left edge, to see which way is up
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
    assert rejected(b"PK\x03\x04" + bytes(300)) == "not_video"
    assert rejected(b"\0\0\0\x20ftypisom" + bytes(MOST_BYTES)) == "too_big"


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


def test_a_film_that_breaks_off_is_seen_as_far_as_it_goes() -> None:
    whole = recorded("webm", "libopus", pictures=True)
    note = open_video(whole[: len(whole) // 2])
    assert note.sound is not None
    assert 0.4 < note.sound.seconds < 1.6
    assert 0 < len(note.frames) <= FRAMES


def test_pictures_are_spread_over_the_whole_film() -> None:
    note = open_video(recorded("mp4", "aac", pictures=True, seconds=2.5))
    shades = [float(frame.pixels[:, 40:].mean()) for frame in note.frames]
    assert np.diff(shades) == pytest.approx([50] * 4, abs=25)  # of the 250 that it grows by


def test_a_phone_held_upright_gives_upright_pictures() -> None:
    whole = recorded("mp4", "aac", pictures=True)
    straight = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    film = whole.rindex(b"tkhd")  # the second track
    at = whole.index(straight, film)
    note = open_video(whole[:at] + turned + whole[at + len(turned) :])
    pixels = note.frames[0].pixels
    assert pixels.shape == (96, 64, 3)
    assert pixels[:12].mean() > 200 > pixels[24:].mean()


def test_ten_minutes_are_the_most_here_too() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="ipod") as file:
        sound = file.add_stream("aac", rate=8_000, layout="mono")
        silence = np.zeros((1, 8_000 * 606), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
        frame.sample_rate = 8_000
        for packet in (*sound.encode(frame), *sound.encode(None)):
            file.mux(packet)
    with pytest.raises(MediaRejected) as caught:
        decode(out.getvalue())
    assert caught.value.kind == "too_long"


@pytest.mark.parametrize(("rate", "layout"), [(96_000, "mono"), (48_000, "5.1")])
def test_rates_and_channels_of_no_microphone_are_refused(rate: int, layout: str) -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="ipod") as file:
        sound = file.add_stream("aac", rate=rate, layout=layout)
        channels = sound.codec_context.layout.nb_channels
        silence = np.zeros((1, rate // 2 * channels), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(silence, format="s16", layout=layout)
        frame.sample_rate = rate
        for packet in (*sound.encode(frame), *sound.encode(None)):
            file.mux(packet)
    assert rejected(out.getvalue()) == "odd_format"


def test_a_codec_that_nobody_records_with_stays_shut() -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as file:
        film = file.add_stream("ffv1", rate=10)
        film.width, film.height, film.pix_fmt = 96, 64, "yuv420p"
        shade = np.zeros((64, 96, 3), dtype=np.uint8)
        file.mux(film.encode(av.VideoFrame.from_ndarray(shade, format="rgb24")))
        file.mux(film.encode(None))
    assert rejected(out.getvalue()) == "broken"


HOSTILE = {
    "endless": "while True: sys.stdout.buffer.write(bytes(1 << 20))",
    "hanging": "time.sleep(600)",
    "deaf": "sys.stdin.close(); sys.exit(1)",
    "silent": "sys.exit(0)",
    "failing": 'print(\'{"pcm": 0, "frames": []}\'); sys.exit(1)',
    "no JSON": "print('pcm')",
    "deep": "print('[' * 900)",
    "a list": "print('[]')",
    "too little": 'print(\'{"pcm": 1000, "frames": []}\')',
    "negative": 'print(\'{"pcm": -2, "frames": []}\')',
    "huge": 'print(\'{"pcm": 0, "frames": [[100000, 100000]]}\')',
    "too many": "print('{\"pcm\": 0, \"frames\": [' + ','.join(['[1,1]'] * 6) + ']}' + 'a' * 18)",
    "no pair": 'print(\'{"pcm": 0, "frames": [1]}\')',
    "our secrets": "print(os.environ['ATTUNE_SECRET'])",
}


@pytest.mark.parametrize("does", HOSTILE.values(), ids=HOSTILE)
def test_a_child_that_was_taken_over_is_not_believed(
    does: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child.py"
    child.write_text(f"import os, sys, time\n{does}\n")
    monkeypatch.setattr(sandbox, "CHILD", child)
    monkeypatch.setattr(sandbox, "SECONDS", 1.0)
    monkeypatch.setenv("ATTUNE_SECRET", '{"pcm": 0, "frames": []}')
    assert rejected(b"\0\0\0\x20ftypisom" + bytes(1 << 20)) == "broken"


def test_a_file_may_not_name_other_files(tmp_path: Path) -> None:
    """A QuickTime reference to a sound beside it (`dref` with an alias) is not followed."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(encoded(tone(1.0), "wav"))
    whole = recorded("mp4", "aac")
    url = b"url " + struct.pack(">I", 1)  # "in this very file"
    assert url in whole
    named = whole.replace(url, b"url " + struct.pack(">I", 0), 1)
    note = outcome(named)
    if isinstance(note, str):
        assert note == "broken"
    else:  # read from the file itself, as before
        assert note.sound is not None
        assert note.sound.seconds == pytest.approx(2.0, abs=0.15)

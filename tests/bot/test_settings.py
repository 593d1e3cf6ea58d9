"""Settings: environment over file over default; a wrong value is one sentence that names it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from affect.errors import SettingsError
from affect.perception import hub
from bot import senses
from bot.settings import Settings

TOKEN = "123:made-up-token"


def test_the_defaults_need_nothing(tmp_path: Path) -> None:
    settings = Settings.load()
    assert settings.database.startswith("sqlite+aiosqlite:///")
    assert settings.keys == settings.home / "master.key"
    assert settings.telegram_token is None


def test_the_environment_goes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.env"
    file.write_text("ATTUNE_COUNTRY=gb\nATTUNE_PERSONA=support\n")
    monkeypatch.setenv("ATTUNE_COUNTRY", "us")
    settings = Settings.load(file)
    assert (settings.country, settings.persona) == ("US", "support")


def test_a_token_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    monkeypatch.setenv("ATTUNE_TELEGRAM_TOKEN_FILE", str(secret))
    token = Settings.load().telegram_token
    assert token is not None
    assert token.get_secret_value() == TOKEN


def test_a_token_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_TELEGRAM_TOKEN", TOKEN)
    assert TOKEN not in repr(Settings.load())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATTUNE_WRITER", "poet"),
        ("ATTUNE_COUNTRY", "Spain"),
        ("ATTUNE_COUNTRY", "zz"),
        ("ATTUNE_DISCORD_SHARD", "2/2"),
        ("ATTUNE_DISCORD_SHARD", "one"),
        ("ATTUNE_DISCORD_SHARD", "0/2"),  # without PostgreSQL
        ("ATTUNE_RETENTION_DAYS", "never"),
        ("ATTUNE_RETENTION_DAYS", "0"),
        ("ATTUNE_DATABASE_URL", "mysql://localhost"),
        ("ATTUNE_DATABASE_URL", "postgresql:nonsense"),
        ("ATTUNE_TELEGRAM_WEBHOOK_LISTEN", "0.0.0.0"),
        ("ATTUNE_TELEGRAM_WEBHOOK_LISTEN", "0.0.0.0:high"),
        ("ATTUNE_TELEGRAM_TOKEN_FILE", "/nowhere/at/all"),
        ("ATTUNE_TELEGRAM_TOKEN_FILE", sys.executable),
        ("ATTUNE_TELEGRAM_API_URL", "telegram"),
        ("ATTUNE_DISCORD_API_URL", "http://somewhere:else/"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as wrong:
        Settings.load()
    said = str(wrong.value)
    assert said.startswith(f"{name} ")
    assert "\n" not in said
    assert said.endswith(".")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RETENTION_DAYS", "never", "must be a whole number"),
        ("RETENTION_DAYS", "1.5", "must be a whole number"),
        ("RETENTION_DAYS", "9" * 5000, "must be a whole number"),
        ("RETENTION_DAYS", "0", "must be at least 1"),
        ("RETENTION_DAYS", "4000", "must be at most 3650"),
        ("WRITER", "poet", "must be auto, scripted, local or openai"),
        ("COUNTRY", "Spain", "must be a two-letter country code such as US or CN"),
        ("LLM_BASE_URL", "gpu", "must be an address such as http://127.0.0.1:8000/v1"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ATTUNE_{name}", value)
    with pytest.raises(SettingsError) as wrong:
        Settings.load()
    assert str(wrong.value) == f"ATTUNE_{name} {said}."


def test_a_settings_file_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read as text"):
        Settings.load(tmp_path / "settings.env")


def test_a_shard_is_which_of_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().shard == (0, 1)
    monkeypatch.setenv("ATTUNE_DATABASE_URL", "postgresql://localhost/attune")
    monkeypatch.setenv("ATTUNE_DISCORD_SHARD", "1/2")
    assert Settings.load().shard == (1, 2)


def test_a_webhook_needs_its_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_TELEGRAM_WEBHOOK_URL", "https://bot.example/hook")
    with pytest.raises(SettingsError, match="ATTUNE_TELEGRAM_WEBHOOK_SECRET"):
        Settings.load()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://bot.example/hook", "must be an address such as https://bot.example.org/telegram"),
        ("bot.example/hook", "must be an address such as https://bot.example.org/telegram"),
        ("https:///hook", "must be an address such as https://bot.example.org/telegram"),
        (
            "https://me:secret@bot.example",
            "must be an address such as https://bot.example.org/tele",
        ),
        ("https://bot.example:99999", "must name one of the ports that Telegram calls"),
        ("https://bot.example:8080/hook", "must name one of the ports that Telegram calls"),
    ],
)
def test_a_webhook_is_one_that_telegram_calls(
    url: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTUNE_TELEGRAM_WEBHOOK_SECRET", "open")
    monkeypatch.setenv("ATTUNE_TELEGRAM_WEBHOOK_URL", url)
    with pytest.raises(SettingsError, match=f"^ATTUNE_TELEGRAM_WEBHOOK_URL {said}"):
        Settings.load()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://bot.example/hook", ""),
        ("https://bot.example:8443", ""),
        ("https://bot.example:443/a", ""),
        ("http://10.0.0.5:9000/hook", "http://127.0.0.1:8081"),
    ],
)
def test_a_webhook_on_any_port_needs_a_server_of_ones_own(
    url: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTUNE_TELEGRAM_WEBHOOK_SECRET", "open")
    monkeypatch.setenv("ATTUNE_TELEGRAM_WEBHOOK_URL", url)
    monkeypatch.setenv("ATTUNE_TELEGRAM_API_URL", server)
    assert Settings.load().telegram_webhook_url == url


def test_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_KEY_FILE", "")
    monkeypatch.setenv("ATTUNE_DATABASE_URL", "")
    settings = Settings.load()
    assert (settings.key_file, settings.database_url) == (None, None)


def test_what_does_nothing_is_said_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "settings.env"
    file.write_text("ATTUNE_TELEGRAM_TOKN=123:secret\nATTUNE_COUNTRY=GB\nPATH_OF_OTHERS=x\n")
    monkeypatch.setenv("ATTUNE_OPERATOR", "somebody")
    monkeypatch.setenv("ATTUNE_DATA", str(tmp_path))
    Settings.load(file)
    assert [(record.message, vars(record)["setting"]) for record in caplog.records] == [
        ("setting_without_effect", "ATTUNE_OPERATOR"),
        ("setting_unknown", "ATTUNE_TELEGRAM_TOKN"),
    ]
    assert "secret" not in caplog.text


def test_a_missing_settings_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not there"):
        Settings.load(tmp_path / "none.env")


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://db/attune", "postgresql+psycopg://db/attune"),
        ("postgres://db/attune", "postgresql+psycopg://db/attune"),
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
    ],
)
def test_a_database_url_gets_its_driver(
    url: str, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTUNE_DATABASE_URL", url)
    assert Settings.load().database == driver


@pytest.mark.parametrize("name", ["VOICE", "FACE", "ASR"])
@pytest.mark.parametrize(
    "value", ["best", "/nowhere/at/all", "~/nowhere", "~nobody-here/models", "one/two/three"]
)
def test_a_model_that_cannot_be_meant_is_one_sentence(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ATTUNE_{name}_MODEL", value)
    with pytest.raises(SettingsError, match=f"^ATTUNE_{name}_MODEL: {value} is neither a folder"):
        senses.check(Settings.load())


def test_a_model_without_the_extra_is_said_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "find_spec", lambda module: None)
    monkeypatch.setenv("ATTUNE_VOICE_MODEL", "somebody/voices")
    with pytest.raises(SettingsError, match=r"torch and transformers: .*attune-companion\[llm\]"):
        senses.check(Settings.load())
    monkeypatch.setenv("ATTUNE_VOICE_MODEL", "off")
    senses.check(Settings.load())

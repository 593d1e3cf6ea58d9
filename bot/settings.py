"""Every setting, one class. Environment over `.env` over default; a wrong value is one sentence."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from affect.errors import SettingsError
from affect.misuse import finding

PREFIX = "ATTUNE_"
ELSEWHERE = ("ATTUNE_DATA", "ATTUNE_TEST_")  # read by other parts: data sets, tests
NOT_YET = frozenset({"tts_model", "operator", "metrics_port"})
OFF = "off"  # of a model: what ships is not used
ADDRESS = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[^\s/@:]+)(:\d{1,5})?(/\S*)?")
WEBHOOK_PORTS = (443, 80, 88, 8443)  # Bot API, setWebhook
SECRETS = ("telegram_token", "discord_token", "telegram_webhook_secret", "llm_api_key")

log = logging.getLogger(__name__)


class Settings(BaseSettings):
    """All `ATTUNE_*` settings, as `docs/settings.md` lists them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    telegram_token: SecretStr | None = None
    telegram_token_file: Path | None = None
    telegram_api_url: str | None = None
    telegram_webhook_url: str | None = None
    telegram_webhook_listen: str = "127.0.0.1:8443"
    telegram_webhook_secret: SecretStr | None = None
    telegram_webhook_secret_file: Path | None = None
    discord_token: SecretStr | None = None
    discord_token_file: Path | None = None
    discord_api_url: str | None = None
    discord_shard: str | None = None

    home: Path = Field(default_factory=lambda: user_data_path("attune"))
    database_url: str | None = None
    key_file: Path | None = None

    writer: Literal["auto", "scripted", "local", "openai"] = "auto"
    llm_model: str | None = None
    llm_quantization: Literal["nf4", "int8", "none"] | None = None
    llm_base_url: str | None = None
    llm_api_key: SecretStr | None = None
    llm_api_key_file: Path | None = None
    text_model: str | None = None
    voice_model: str | None = None
    face_model: str | None = None
    asr_model: str | None = None
    tts_model: str | None = None

    persona: Literal["companion", "support"] = "companion"
    setting: Literal["personal", "work", "school"] = "personal"
    language: Literal["auto", "en", "zh"] = "auto"
    country: str | None = None
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 365
    operator: str | None = None
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None

    @field_validator("country")
    @classmethod
    def _country(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from affect.safety.helplines import is_country  # imports all rules of danger

        if not is_country(value):
            raise ValueError("must be a two-letter country code such as US or CN")
        return value.upper()

    @field_validator("discord_shard")
    @classmethod
    def _one_of(cls, value: str | None) -> str | None:
        number, _, count = (value or "0/1").partition("/")
        if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
            raise ValueError("must be which of how many, such as 0/2 and 1/2")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("sqlite:", "postgresql:", "postgres:")):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        try:
            if value is not None:
                make_url(value)
        except (ArgumentError, ValueError):
            raise ValueError("is not a whole address such as postgresql://host/name") from None
        return value

    @field_validator("llm_base_url", "telegram_api_url", "discord_api_url")
    @classmethod
    def _server(cls, value: str | None) -> str | None:
        if value is not None and not ADDRESS.fullmatch(value):
            raise ValueError("must be an address such as http://127.0.0.1:8000/v1")
        return value.rstrip("/") if value else None

    @field_validator("telegram_webhook_listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not (host and port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError("must be an address and a port such as 127.0.0.1:8443")
        return value

    @model_validator(mode="before")
    @classmethod
    def _secrets_in_files(cls, values: dict[str, object]) -> dict[str, object]:
        for name in SECRETS:
            path = values.get(f"{name}_file")
            if path and not values.get(name):
                try:
                    values[name] = Path(str(path)).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    raise ValueError(
                        f"ATTUNE_{name.upper()}_FILE names a file that cannot be read"
                    ) from None
        return values

    @model_validator(mode="after")
    def _webhook_needs_secret(self) -> Self:
        if self.telegram_webhook_url and not self.telegram_webhook_secret:
            raise ValueError("ATTUNE_TELEGRAM_WEBHOOK_URL needs ATTUNE_TELEGRAM_WEBHOOK_SECRET")
        return self

    @model_validator(mode="after")
    def _webhook_is_one_that_telegram_calls(self) -> Self:
        url = self.telegram_webhook_url
        if url is None or self.telegram_api_url:  # a server of one's own calls any address
            return self
        whole = ADDRESS.fullmatch(url)
        if not whole or not url.startswith("https://"):
            said = "must be an address such as https://bot.example.org/telegram"
        elif int((whole[2] or ":443")[1:]) not in WEBHOOK_PORTS:
            ports = ", ".join(map(str, WEBHOOK_PORTS))
            said = f"must name one of the ports that Telegram calls ({ports}), or none"
        else:
            return self
        raise ValueError(f"ATTUNE_TELEGRAM_WEBHOOK_URL {said}")

    @model_validator(mode="after")
    def _shards_need_postgres(self) -> Self:
        if self.shard[1] > 1 and not (self.database_url or "").startswith("postgres"):
            raise ValueError("ATTUNE_DISCORD_SHARD needs an ATTUNE_DATABASE_URL of PostgreSQL")
        return self

    @classmethod
    def load(cls, env_file: Path | None = None) -> Settings:
        """Read the settings; raise `SettingsError` with one sentence for the first wrong value.

        What is set without effect (a name that is not ours, or not yet served) is logged.
        """
        if env_file is not None and not env_file.is_file():
            raise SettingsError(f"The settings file {env_file} is not there.")
        try:
            loaded = cls(_env_file=env_file or Path(".env"))  # type: ignore[call-arg]
        except ValidationError as wrong:
            name, said = finding(wrong)
            where = f"{PREFIX}{name.upper()} " if name else ""
            raise SettingsError(f"{where}{said}.") from None
        except (OSError, UnicodeDecodeError):
            file = env_file or Path(".env")
            raise SettingsError(f"The settings file {file} cannot be read as text.") from None
        _warn(env_file or Path(".env"))
        return loaded

    @property
    def database(self) -> str:
        """The SQLAlchemy URL with its async driver."""
        url = self.database_url
        if url is None:
            return f"sqlite+aiosqlite:///{self.home / 'attune.db'}"
        scheme, rest = url.split(":", 1)
        driver = "sqlite+aiosqlite" if scheme.startswith("sqlite") else "postgresql+psycopg"
        return f"{driver}:{rest}"

    def offers(self, sense: str) -> bool:
        """Whether emotion in a `voice` or a `face` may be read here, if its person agrees."""
        model = self.voice_model if sense == "voice" else self.face_model
        return self.setting == "personal" and model != OFF

    @property
    def words_go_to(self) -> str | None:
        """The other machine whose language model is sent what people write, if there is one."""
        if self.llm_base_url is None or self.writer not in {"auto", "openai"}:
            return None
        host = urlsplit(self.llm_base_url).hostname or ""
        return None if host in {"localhost", "::1"} or host.startswith("127.") else host

    @property
    def shard(self) -> tuple[int, int]:
        """Which of how many shards on Discord this process is."""
        number, count = (self.discord_shard or "0/1").split("/")
        return int(number), int(count)

    @property
    def keys(self) -> Path:
        """The master key file."""
        return self.key_file or self.home / "master.key"


def _warn(env_file: Path) -> None:
    """Say what is set and does nothing, by name alone: values may be secrets."""
    written = {**(dotenv_values(env_file) if env_file.is_file() else {}), **os.environ}
    for name in sorted({name.upper() for name, value in written.items() if value}):
        if not name.startswith(PREFIX) or name.startswith(ELSEWHERE):
            continue
        field = name.removeprefix(PREFIX).lower()
        if field not in Settings.model_fields:
            log.warning("setting_unknown", extra={"setting": name})
        elif field in NOT_YET:
            log.warning("setting_without_effect", extra={"setting": name})

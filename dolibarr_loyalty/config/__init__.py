"""`loyalty.toml`: found, read whole, checked, and turned into frozen settings; `init` writes a first one."""

from dolibarr_loyalty.config.initial import Answers, SecretFrom, write_initial
from dolibarr_loyalty.config.loading import Config, find, load
from dolibarr_loyalty.config.secret import Secret
from dolibarr_loyalty.config.settings import (
    BrandSettings,
    DatabaseSettings,
    DolibarrSettings,
    MailSettings,
    NotifySettings,
    ScreensSettings,
    SecretsSettings,
    SecuritySettings,
    SyncSettings,
    WebSettings,
)

__all__ = [
    "Answers",
    "BrandSettings",
    "Config",
    "DatabaseSettings",
    "DolibarrSettings",
    "MailSettings",
    "NotifySettings",
    "ScreensSettings",
    "Secret",
    "SecretFrom",
    "SecretsSettings",
    "SecuritySettings",
    "SyncSettings",
    "WebSettings",
    "find",
    "load",
    "write_initial",
]

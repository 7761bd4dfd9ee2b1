"""Verda's API: asked without a token where that is enough, and with one where it answers 401."""

from typing import Any

from chipdex.api import FetchContext, FetchError
from chipdex_prices_verda.answer import need

NEED_KEY = "Set VERDA_CLIENT_ID and VERDA_CLIENT_SECRET: this address answers nobody else."


class Api:
    """One refresh's way to the API; a token is asked for once, and once more where it has run out."""

    def __init__(self, context: FetchContext) -> None:
        self._context = context
        self._base = context.urls["verda"].rstrip("/")
        self._headers: dict[str, str] = {}
        self._tokens_left = 2

    def get(self, path: str, **params: str) -> Any:
        """Return the JSON of a path below the API's address; raises FetchError."""
        try:
            return self._asked(path, params)
        except FetchError as error:
            if not refused_for_want_of_a_key(error):
                raise
            if not self._renewed():
                raise FetchError(error.message, fix=error.fix if self._credentials else NEED_KEY) from error
        return self._asked(path, params)

    def _asked(self, path: str, params: dict[str, str]) -> Any:
        self._context.progress(f"Verda: {path}")
        return self._context.session.json(f"{self._base}/{path}", params=params, headers=self._headers)

    @property
    def _credentials(self) -> dict[str, str]:
        names = {"client_id": "VERDA_CLIENT_ID", "client_secret": "VERDA_CLIENT_SECRET"}
        found = {key: self._context.settings.get(name, "") for key, name in names.items()}
        return found if all(found.values()) else {}

    def _renewed(self) -> bool:
        credentials = self._credentials
        if not credentials or not self._tokens_left:
            return False
        self._tokens_left -= 1
        grant = {"grant_type": "client_credentials", **credentials}
        answer = self._context.session.json(f"{self._base}/oauth2/token", json=grant)
        self._headers = {"Authorization": f"Bearer {need(answer, 'access_token', 'the answer to a token request')}"}
        return True


def refused_for_want_of_a_key(error: FetchError) -> bool:
    """Return whether the server asks who is asking."""
    return "answered 401" in error.message or "answered 403" in error.message

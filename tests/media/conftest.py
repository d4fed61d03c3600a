import io
from pathlib import Path

import pytest
from PIL import Image

from tests.support.media_servers import Certificate, make_certificate


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def png() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((300, 200), 80).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"

"""The compose file and the images say what the services' settings say."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings import Settings as GatewaySettings
from gateway.settings import http_address
from reader_service.settings import Settings as ReaderSettings
from render_service.settings import RenderSettings

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {"render": RenderSettings, "reader": ReaderSettings, "gateway": GatewaySettings}
NAMES = {
    name: {model.model_config["env_prefix"] + field.upper() for field in model.model_fields}
    for name, model in SETTINGS.items()
}


@pytest.fixture(scope="module")
def services() -> dict[str, dict]:
    """What the real compose makes of the file."""
    compose = Path(sys.executable).with_name("docker-compose")
    command = [compose, "--file", ROOT / "compose.yaml", "config", "--format", "json", "--no-env-resolution"]
    config = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(config.stdout)["services"]


def dockerfile(name: str) -> str:
    return (ROOT / "deploy" / f"Dockerfile.{name}").read_text()


def port_of(name: str) -> int:
    return SETTINGS[name].model_fields["port"].default


def test_two_renderers_and_one_reader_with_its_card_stand_behind_the_gateway(services):
    assert services.keys() == SETTINGS.keys()
    assert services["render"]["deploy"]["replicas"] == 2
    (card,) = services["reader"]["deploy"]["resources"]["reservations"]["devices"]
    assert (card["count"], card["capabilities"]) == (1, ["gpu"])
    assert {need["condition"] for need in services["gateway"]["depends_on"].values()} == {"service_healthy"}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_is_asked_for_its_health_where_it_listens(services, name):
    assert services[name]["healthcheck"]["test"] == [
        "CMD",
        "python",
        "-m",
        "serving.healthcheck",
        f"127.0.0.1:{port_of(name)}",
    ]
    assert f"EXPOSE {port_of(name)}\n" in dockerfile(name)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_may_drain_before_it_is_killed(services, name):
    assert int(services[name]["stop_grace_period"].removesuffix("s")) > SETTINGS[name].model_fields["drain_s"].default


@pytest.mark.parametrize("name", SETTINGS)
def test_every_variable_that_is_set_is_one_that_the_service_knows(services, name):
    in_image = re.findall(r"\b(GLYPHSTREAM_\w+)=", dockerfile(name))
    known = {*services[name].get("environment", {}), *in_image}
    assert known
    assert known <= NAMES[name]


@pytest.mark.parametrize("name", ["render", "reader"])
def test_the_gateway_calls_a_service_where_it_listens(services, name):
    target = services["gateway"]["environment"][f"GLYPHSTREAM_GATEWAY_{name.upper()}_TARGET"]
    assert target == f"dns:///{name}:{port_of(name)}"


def test_the_web_page_is_reached_where_the_gateway_listens_for_it(services):
    _, port = http_address(services["gateway"]["environment"]["GLYPHSTREAM_GATEWAY_HTTP"], "")
    assert f"EXPOSE {port}\n" in dockerfile("gateway")
    assert port in {published["target"] for published in services["gateway"]["ports"]}


@pytest.mark.parametrize("name", SETTINGS)
def test_an_image_installs_only_its_own_service_and_runs_as_nobody_special(name):
    text, package = dockerfile(name), {"gateway": "gateway"}.get(name, f"{name}_service")
    assert re.findall(r"^COPY (\w+_service|gateway) ", text, re.MULTILINE) == [package]
    assert f'".[{name}]"' in text
    assert ("torch" in text.partition("FROM")[2]) is (name == "reader")
    assert re.findall(r"^USER (\d+)$", text, re.MULTILINE) == ["10001"]
    assert f'ENTRYPOINT ["python", "-m", "{package}"]' in text

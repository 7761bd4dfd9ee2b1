"""What the tables say of clouds and devices is about devices that there are."""

import pytest

from chipdex.catalog import Registry
from chipdex.settings import load_settings
from chipdex_prices_catalogs.clouds import Device, clouds, cuts, devices, parts
from chipdex_prices_catalogs.plugin import chipdex_pricing_sources

NAMED = {
    ("aws", "p5.48xlarge", "H100"): "nvidia/h100-sxm",
    ("aws", "p5en.48xlarge", "H200"): "nvidia/h200-sxm",
    ("aws", "p4d.24xlarge", "A100"): "nvidia/a100-sxm-40",
    ("aws", "p4de.24xlarge", "A100-80GB"): "nvidia/a100-sxm-80",
    ("aws", "p3.2xlarge", "V100"): "nvidia/v100-sxm-16",
    ("aws", "p3dn.24xlarge", "V100-32GB"): "nvidia/v100-sxm-32",
    ("azure", "Standard_ND96isr_H100_v5", "H100"): "nvidia/h100-sxm",
    ("azure", "Standard_NC40ads_H100_v5", "H100"): "nvidia/h100-nvl",
    ("azure", "Standard_NC24ads_A100_v4", "A100"): "nvidia/a100-pcie-80",
    ("azure", "Standard_ND96asr_v4", "A100"): "nvidia/a100-sxm-40",
    ("azure", "Standard_ND96amsr_A100_v4", "A100"): "nvidia/a100-sxm-80",
    ("gcp", "a2-highgpu-8g", "A100"): "nvidia/a100-sxm-40",
    ("gcp", "a2-ultragpu-1g", "A100"): "nvidia/a100-sxm-80",
    ("gcp", "a3-megagpu-8g", "H100"): "nvidia/h100-sxm",
    ("oci", "BM.GPU4.8", "A100"): "nvidia/a100-sxm-40",
    ("oci", "BM.GPU.A100-v2.8", "A100"): "nvidia/a100-sxm-80",
    ("lambda", "gpu_1x_h100_pcie", "H100"): "nvidia/h100-pcie",
    ("lambda", "gpu_8x_h100_sxm5", "H100"): "nvidia/h100-sxm",
    ("lambda", "gpu_1x_a100_sxm4", "A100"): "nvidia/a100-sxm-40",
    ("lambda", "gpu_8x_a100_80gb_sxm4", "A100-80GB"): "nvidia/a100-sxm-80",
    ("nebius", "gpu-h100-sxm_8gpu-128vcpu-1600gb", "H100"): "nvidia/h100-sxm",
    ("verda", "1A100.40S.22V", "A100"): "nvidia/a100-sxm-40",
    ("verda", "8H100.80S.176V", "H100"): "nvidia/h100-sxm",
}


def meant(provider: str, instance: str, name: str) -> list[Device]:
    return [
        one for one in devices() if one.provider == provider and one.name.match(name) and one.instance.match(instance)
    ]


@pytest.mark.parametrize(("said", "device_id"), NAMED.items(), ids=" ".join)
def test_the_first_row_that_fits_is_the_device_that_is_meant(said: tuple[str, str, str], device_id: str) -> None:
    assert meant(*said)[0].id == device_id


def test_every_id_is_of_a_device_that_there_is() -> None:
    known = Registry.load(load_settings(environ={"CHIPDEX_CONFIG": "none.toml"})).accelerators
    if not any(name.startswith("nvidia/") for name in known):
        pytest.skip("no plugin brings NVIDIA's devices")
    assert [device.id for device in devices() if device.id not in known] == []


def test_the_tables_speak_of_clouds_that_are_read() -> None:
    read = {cloud.provider for catalogue in ("gpuhunt", "skypilot") for cloud in clouds(catalogue)}
    assert {one.provider for one in (*devices(), *parts(), *cuts())} <= read


def test_a_price_was_cut_and_not_raised() -> None:
    assert all(cut.new_usd < cut.old_usd for cut in cuts())


def test_every_cloud_of_every_catalogue_is_a_source_of_its_own() -> None:
    names = [source.name for source in chipdex_pricing_sources()]
    assert len(names) == len(set(names)) == len(clouds("gpuhunt")) + len(clouds("skypilot"))
    assert {"gpuhunt-aws", "gpuhunt-lambda", "skypilot-gcp"} <= set(names)
    assert not {"skypilot-vast", "skypilot-azure"} & set(names)

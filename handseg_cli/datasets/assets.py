"""The meshes, skins and surroundings that synthetic hands are made of, which `handseg download assets` fetches.

All of it is CC0. Each address names a commit, a tag or a version; Poly Haven has none of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from handseg_cli.datasets.dataset import Archive

MAKEHUMAN = "https://raw.githubusercontent.com/makehumancommunity/makehuman/a8bc2d54ff0ac92e78ff71431b1023eda42bf482"
# The repository of the skins keeps them in Git LFS, whose budget is used up: the project's file mirror comes first.
SKINS = (
    "https://free.downloads.tuxfamily.net/makehuman/assets/1.1/base/skins/textures",
    "https://download.tuxfamily.org/makehuman/assets/1.2/base/skins/textures",
    "https://media.githubusercontent.com/media/makehumancommunity/makehuman-assets/"
    "8cf9645b975a98eea056b140df11a1d278da0d10/base/skins/textures",
)
POLY_HAVEN = "https://dl.polyhaven.org/file/ph-assets/HDRIs/hdr/1k"
GODOT = "https://raw.githubusercontent.com/GodotVR/godot-xr-tools/4.5.1/addons/godot-xr-tools/hands"

# Bytes and SHA-256, where several people have told those of the file at this commit, and a copy of ours has them.
KNOWN = {
    "base.obj": (1_749_303, "8e761e6624b8f54536409135d1636da63b32486a90d4897f84e121d144f6fb4c"),
    "default.mhskel": (117_790, "99f179bce0aa850b45d4191a1d0d234c5851f881c057439470ded3bddf729a24"),
    "default_weights.mhw": (897_521, "0f3641d651ae3d00ad6b4ccee43142edb109d3bd909d27d9e4139ef1beed8625"),
    "LICENSE.ASSETS.md": (6_962, "f6089cba01cb570a24712b41ab8a586ccd3cc5ef53dc266ca50b95c288956d2c"),
}

HAND_AND_ARM = """
    hand-fingers-diameter hand-fingers-distance hand-fingers-length hand-scale
    lowerarm-fat lowerarm-muscle lowerarm-scale-depth lowerarm-scale-horiz lowerarm-scale-vert
    upperarm-fat upperarm-muscle upperarm-scale-depth upperarm-scale-horiz upperarm-scale-vert upperarm-shoulder-muscle
"""
SEXES, ORIGINS, AGES = ("female", "male"), ("african", "asian", "caucasian"), ("child", "old", "young")
LEVELS = ("average", "max", "min")
SKIN_NAMES = """
    middleage_darkskinned_male_diffuse middleage_lightskinned_female_diffuse2
    middleage_lightskinned_male_diffuse middleage_lightskinned_male_diffuse2
    old_darkskinned_male_diffuse young_darkskinned_male_diffuse
    young_lightskinned_female_diffuse2 young_lightskinned_female_diffuse3
    young_lightskinned_male_diffuse young_lightskinned_male_diffuse2 young_lightskinned_male_diffuse3
"""
ENVIRONMENTS = """
    adams_place_bridge aerodynamics_workshop autoshop_01 blocky_photo_studio brown_photostudio_02 brown_photostudio_06
    chinese_garden christmas_photo_studio_07 dancing_hall dikhololo_night empty_warehouse_01 forest_slope
    immenstadter_horn kiara_1_dawn leadenhall_market lebombo narrow_moonlit_road noon_grass phalzer_forest_01
    potsdamer_platz rooitou_park sepulchral_chapel_rotunda st_peters_square_night studio_small_03 thatch_chapel
    venice_sunset
"""
GODOT_MODELS = "Hand_Glove_L Hand_Glove_R Hand_Nails_L Hand_Nails_R hand_l hand_r"
GODOT_TEXTURES = """
    african_baseColor african_realistic_baseColor caucasian_baseColor caucasian_realistic_baseColor
    cleaning_glove_baseColor glove_african_dark_camo glove_african_green_camo glove_caucasian_dark_camo
    glove_caucasian_green_camo glove_normal hands_normal labglove_baseColor
"""


def files(into: str, names: Iterable[str], about: int, *folders: str) -> Iterator[Archive]:
    """Yield the files of a folder of ours, each of about so many bytes, from the folders of the web that have them."""
    for name in names:
        url, *mirrors = (f"{folder}/{name}" for folder in folders)
        size, sha256 = KNOWN.get(name, (0, ""))
        yield Archive(name, url, size, about, sha256, mirrors=tuple(mirrors), into=into, unpacked=False)


def arm_targets() -> Iterator[str]:
    """Yield the names of the morph targets of both hands and arms."""
    for side in "lr":
        yield from (f"{side}-{part}-{way}.target" for part, way in product(HAND_AND_ARM.split(), ("decr", "incr")))
        yield from (f"{side}-hand-trans-{way}.target" for way in ("in", "out"))


def body_targets() -> Iterator[str]:
    """Yield the names of the morph targets of sex, age and origin, then of muscle and weight."""
    yield from (f"{'-'.join(who)}.target" for who in product(ORIGINS, SEXES, AGES))
    for sex, age in product(SEXES, AGES):
        levels = product(LEVELS, LEVELS) if age == "young" else [("average", "average")]
        yield from (f"universal-{sex}-{age}-{muscle}muscle-{weight}weight.target" for muscle, weight in levels)


class Assets:
    """MakeHuman's body with its rig, morph targets and skins, Poly Haven's environments, and the hands of Godot XR."""

    archives = (
        *files("makehuman", ["base.obj"], 0, f"{MAKEHUMAN}/makehuman/data/3dobjs"),
        *files("makehuman", ["default.mhskel", "default_weights.mhw"], 0, f"{MAKEHUMAN}/makehuman/data/rigs"),
        *files("makehuman", ["LICENSE.ASSETS.md"], 0, MAKEHUMAN),
        *files("makehuman/targets/armslegs", arm_targets(), 21_000, f"{MAKEHUMAN}/makehuman/data/targets/armslegs"),
        *files(
            "makehuman/targets/macrodetails",
            body_targets(),
            260_000,
            f"{MAKEHUMAN}/makehuman/data/targets/macrodetails",
        ),
        *files("skins", (f"{name}.png" for name in SKIN_NAMES.split()), 3_600_000, *SKINS),
        *files("hdri", (f"{name}_1k.hdr" for name in ENVIRONMENTS.split()), 1_600_000, POLY_HAVEN),
        *files("godot_hands", (f"{name}.gltf" for name in GODOT_MODELS.split()), 185_000, f"{GODOT}/model"),
        *files("godot_hands", (f"{name}.png" for name in GODOT_TEXTURES.split()), 1_000_000, f"{GODOT}/textures"),
        *files("godot_hands", ["License.md"], 7_300, GODOT),
    )
    licence = "CC0 1.0, all of it"
    citation = (
        "none is asked for; MakeHuman (Data Collection AB, Joel Palmius, Jonas Hauquier), "
        "Poly Haven, and DigitalN8m4r3's hands for Godot XR Tools"
    )
    page = "https://static.makehumancommunity.org/about/license.html and https://polyhaven.com/license"

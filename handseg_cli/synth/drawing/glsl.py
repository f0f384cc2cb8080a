"""The programs that a graphics processor runs, in GLSL 3.30: what the NumPy engine says in Python, word for word."""

from __future__ import annotations

from math import log2

from handseg_cli.synth.drawing.mesh import NEAR
from handseg_cli.synth.drawing.received import WRAP
from handseg_cli.synth.drawing.shading import (
    COARSER,
    DARK,
    DISC,
    FARTHEST,
    GRAIN_MM,
    GRAIN_SIZE,
    KEYS,
    LIFT_MM,
    SAMPLES,
    SHADOW_MM,
    STRETCH,
)

NEAR_PLANE, FAR_PLANE = NEAR / 2, 100_000.0  # mm; what is nearer than NEAR has been cut off already
NONE = 0xFFFFFFFF
TILE = 8  # pixels
ROW = 256  # triangles in a row of the texture that holds their corners

PLACED = """
#version 330
uniform mat4 view;
in vec3 place;
void main() { gl_Position = view * vec4(place, 1); }
"""

NEAREST = """
#version 330
out uint found;
void main() { found = uint(gl_PrimitiveID + 1); }
"""

DEPTH_ALONE = """
#version 330
void main() {}
"""

TILES = f"""
#version 330
uniform vec2 scale;
in vec2 tile;  // column and row
void main() {{
    gl_PointSize = {TILE};
    gl_Position = vec4((tile + 0.5) * scale - 1.0, 0, 1);
}}
"""

_INPUTS = f"""
#version 330
layout(location = 0) out vec4 colour;
layout(location = 1) out vec4 found;  // triangle from one on, second and third corner's weights, depth
uniform usampler2D nearest;
uniform sampler2D depths;
uniform sampler2D corners;
uniform uvec2 range;  // triangles that are drawn now
uniform mat3 ray;     // from a pixel (x, y, 1) to where it looks, of depth one
uniform sampler2D atlas;
uniform sampler3D grain;
uniform vec4 tone;    // gain, power; power 0 takes the texture as it is
uniform vec4 matter;  // gloss, rough, grain, soft
uniform vec3 key_towards[{KEYS}];
uniform vec3 key_power[{KEYS}];
uniform float key_wide[{KEYS}];
uniform vec3 sky[10];  // of x x, y y, z z, x y, x z, y z, x, y, z and 1
uniform vec3 lean;
uniform sampler2D shade_0;
uniform sampler2D shade_1;
uniform mat4 shade_view[2];
uniform vec3 shade_size[2];  // across, deep, radius
const vec3 WRAP = vec3({WRAP[0]}, {WRAP[1]}, {WRAP[2]});
const float SAMPLES[9] = float[]({", ".join(f"{share:.4f}" for share in SAMPLES)});
const vec2 DISC[{len(DISC)}] = vec2[]({", ".join(f"vec2({x:.3f}, {y:.3f})" for x, y in DISC)});
"""

_SHADOW = f"""
float depth_of(int number, vec2 place) {{
    return number == 0 ? textureLod(shade_0, place, 0.0).r : textureLod(shade_1, place, 0.0).r;
}}

// How much of sharp light `number` gets here: its edge widens with the distance to what shades.
float lit_by(int number, vec3 at, vec3 normal, float facing, mat2 turn) {{
    vec3 size = shade_size[number];
    float lift = {LIFT_MM} + {SHADOW_MM} * matter.w;
    vec3 here = (shade_view[number] * vec4(at + normal * lift, 1)).xyz;
    if (here.xy != clamp(here.xy, 0.0, 1.0)) return 1.0;
    float reach = max({FARTHEST} * size.z, 0.6) / size.x;
    float gap = 0.3 / size.y;
    float slope = min(sqrt(max(1.0 - facing * facing, 0.0)) / max(facing, 0.1), 4.0) * size.x / size.y;
    float before = 0.0, count = 0.0;
    for (int i = 0; i < {len(DISC)}; i += 2) {{
        vec2 step = turn * DISC[i] * reach;
        float depth = depth_of(number, here.xy + step);
        if (depth < here.z - gap - slope * length(step)) {{ before += depth; count += 1.0; }}
    }}
    if (count == 0.0) return 1.0;
    float away = clamp((here.z - before / count) * size.y, 0.0, {FARTHEST});
    float wide = max(away * size.z, 0.6) / size.x;
    float seen = 0.0;
    for (int i = 0; i < {len(DISC)}; i++) {{
        vec2 step = turn * DISC[i] * wide;
        seen += depth_of(number, here.xy + step) < here.z - gap - slope * length(step) ? 0.0 : 1.0;
    }}
    return seen / {len(DISC)}.0;
}}
"""

_SHADED = f"""
float fifth(float value) {{ return value * value * value * value * value; }}

// Microfacets as Trowbridge and Reitz have them, times pi: lights' powers are colours on white.
vec3 highlight(vec3 normal, vec3 view, vec3 towards, float rough) {{
    vec3 half_way = normalize(view + towards);
    float nh = max(dot(normal, half_way), 0.0), nl = max(dot(normal, towards), 0.0);
    float nv = max(dot(normal, view), 0.05), vh = max(dot(view, half_way), 0.0);
    float low = nh * nh * (rough - 1.0) + 1.0;
    float k = 0.5 * sqrt(rough);
    float hidden = 4.0 * (nl * (1.0 - k) + k) * (nv * (1.0 - k) + k);
    float bounced = matter.x + (1.0 - matter.x) * fifth(1.0 - vh);
    return vec3(bounced * nl * rough / (low * low * hidden));
}}

// The weights of a triangle's second and third corner where a ray from the eye meets it, and how far off that is.
vec3 met(vec3 first, vec3 second, vec3 third, vec3 ray) {{
    vec3 across = cross(ray, third), over = cross(-first, second);
    float size = dot(second, across);
    return vec3(dot(-first, across), dot(ray, over), dot(third, over)) / (size == 0.0 ? 1e-20 : size);
}}

vec4 corner(uint triangle, int number) {{
    return texelFetch(corners, ivec2(int(triangle & {ROW - 1}u) * 9 + number, int(triangle / {ROW}u)), 0);
}}

// The light that comes from a triangle at a place of the picture; sets its second and third weight, and its depth.
vec3 shaded(uint triangle, vec2 pixel, out vec3 weights) {{
    vec4 a = corner(triangle, 0), b = corner(triangle, 3), c = corner(triangle, 6);
    vec4 normal_a = corner(triangle, 1), normal_b = corner(triangle, 4), normal_c = corner(triangle, 7);
    vec4 light_a = corner(triangle, 2), light_b = corner(triangle, 5), light_c = corner(triangle, 8);
    vec3 second = b.xyz - a.xyz, third = c.xyz - a.xyz, towards = ray * vec3(pixel, 1);
    weights = met(a.xyz, second, third, towards);
    vec3 right = met(a.xyz, second, third, towards + ray[0]), down = met(a.xyz, second, third, towards + ray[1]);
    vec3 at = towards * weights.z;
    vec3 share = vec3(1 - weights.x - weights.y, weights.xy);
    vec4 normal_u = normal_a * share.x + normal_b * share.y + normal_c * share.z;
    vec4 light_v = light_a * share.x + light_b * share.y + light_c * share.z;
    float openness = a.w * share.x + b.w * share.y + c.w * share.z;
    vec2 uv_b = vec2(normal_b.w - normal_a.w, light_b.w - light_a.w);
    vec2 uv_c = vec2(normal_c.w - normal_a.w, light_c.w - light_a.w);
    vec2 picture = vec2(normal_u.w, light_v.w);
    vec2 picture_right = (right.x - weights.x) * uv_b + (right.y - weights.y) * uv_c;
    vec2 picture_down = (down.x - weights.x) * uv_b + (down.y - weights.y) * uv_c;
    bool front = dot(cross(second, third), towards) < 0.0;

    vec3 view = -normalize(at);
    vec3 smooth_normal = normalize(normal_u.xyz + vec3(1e-9)) * (front ? 1.0 : -1.0);
    vec3 relief = vec3(0);
    if (matter.z > 0.0) {{
        float fine = log2(max(weights.z * length(ray[0]) / {GRAIN_MM}, 0.001));
        relief = textureLod(grain, at / {GRAIN_SIZE * GRAIN_MM}, fine).rgb
            + 0.6 * textureLod(grain, at / {GRAIN_SIZE * GRAIN_MM * COARSER}, fine - {log2(COARSER)}).rgb - 0.8;
    }}
    vec3 normal = normalize(smooth_normal + matter.z * relief);
    vec3 albedo = textureGrad(atlas, picture, picture_right, picture_down).rgb;
    if (tone.w > 0.0) albedo = tone.rgb * pow(albedo, vec3(tone.w));
    albedo *= 1.0 + 0.3 * matter.z * relief.x;
    vec3 lit = light_v.xyz * clamp(1.0 + dot(lean, normal - smooth_normal), 0.5, 1.5);
    vec3 shine = vec3(0);
    float rough = matter.y * matter.y;
    rough *= rough;
    for (int i = SHARP; i < {KEYS}; i++)
        shine += openness * key_power[i] * highlight(normal, view, key_towards[i], rough + key_wide[i]);
#if SHARP > 0
    float angle = 6.2832 * fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
    mat2 turn = mat2(cos(angle), sin(angle), -sin(angle), cos(angle));
    vec3 wrap = matter.w * WRAP;
    for (int i = 0; i < SHARP; i++) {{
        float facing = dot(smooth_normal, key_towards[i]);
        float seen = lit_by(i, at, smooth_normal, facing, turn);
        vec3 leaning = mix(vec3(dot(normal, key_towards[i])), vec3(facing), matter.w * vec3(0.7, 0.4, 0.2));
        // The edge of a shadow on skin is red: light that went under comes out again.
        vec3 bled = pow(vec3(seen), mix(vec3(1), vec3(0.65, 1.0, 1.15), matter.w));
        lit += key_power[i] * bled * max(leaning + wrap, 0.0) / (1.0 + wrap);
        shine += seen * key_power[i] * highlight(normal, view, key_towards[i], rough + key_wide[i]);
    }}
#endif
    vec3 back = reflect(-view, normal), square = back * back, mixed = back.xxy * back.yzz;
    vec3 around = sky[9] + sky[0] * square.x + sky[1] * square.y + sky[2] * square.z
        + sky[3] * mixed.x + sky[4] * mixed.y + sky[5] * mixed.z + sky[6] * back.x + sky[7] * back.y + sky[8] * back.z;
    float smoothness = 1.0 - matter.y;
    float rim = (1.0 - matter.x) * smoothness * smoothness * fifth(1.0 - clamp(dot(normal, view), 0.0, 1.0));
    shine += openness * max(around, 0.0) * (matter.x + rim);
    return (front ? 1.0 : {DARK}) * (albedo * lit + shine);
}}
"""

_RESOLVED = f"""
float mm(float share) {{ return {NEAR_PLANE * FAR_PLANE} / ({FAR_PLANE} - share * {FAR_PLANE - NEAR_PLANE}); }}

uint triangle_at(ivec2 place) {{
    uint triangle = texelFetch(nearest, place, 0).r - 1u;
    return triangle >= range.x && triangle < range.y ? triangle : {NONE}u;
}}

// Of a pixel's nine samples those that lie on one stretch of the surface are shaded as one.
void main() {{
    ivec2 start = 2 * ivec2(gl_FragCoord.xy);
    uint left = 0u;
    float least = 1.0, most = 0.0;
    float depth[9];
    for (int i = 0; i < 9; i++) {{
        ivec2 place = start + ivec2(i % 3, i / 3);
        bool mine = triangle_at(place) != {NONE}u;
        left |= mine ? 1u << i : 0u;
        depth[i] = texelFetch(depths, place, 0).r;
        if (i % 2 == 0) {{
            least = mine ? min(least, depth[i]) : least;
            most = mine ? max(most, depth[i]) : most;
        }}
    }}
    if (left == 0u) discard;
    colour = vec4(0);
    found = vec4(0);
    bool even = mm(most) - mm(least) < {STRETCH} * mm(least);
    for (int round = 0; round < 3 && left != 0u; round++) {{
        int first = 4;
        if ((left & 16u) == 0u) for (first = 0; (left & (1u << first)) == 0u; first++) {{}}
        ivec2 place = start + ivec2(first % 3, first / 3);
        uint together = left;
        if (!even && round < 2) {{
            float reference = mm(texelFetch(depths, place, 0).r);
            for (int i = 0; i < 9; i++)
                if (abs(mm(depth[i]) - reference) > {STRETCH} * reference) together &= ~(1u << i);
        }}
        vec3 weights;
        uint triangle = triangle_at(place);
        vec3 light = shaded(triangle, vec2(place) / 2.0, weights);
        float share = 0.0;
        for (int i = 0; i < 9; i++) share += (together & (1u << i)) != 0u ? SAMPLES[i] : 0.0;
        colour += vec4(light, 1) * share;
        if (first == 4) found = vec4(float(triangle + 1u), weights);
        left &= ~together;
    }}
}}
"""


def colour(sharp: int) -> str:
    """Return the program that shades pixels under so many sharp lights, 0 to 2."""
    # Mesa runs through what is behind an `if` even if it need not, so that each number has a program of its own.
    return _INPUTS + f"#define SHARP {sharp}\n" + (_SHADOW if sharp else "") + _SHADED + _RESOLVED

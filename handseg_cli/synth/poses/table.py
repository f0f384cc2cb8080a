"""The hand poses that we know by heart, by family, as a table of angles in degrees.

Knuckle and middle joint of index, middle, ring and little finger; their spread; the thumb's five angles (see
HandPose); whom its tip touches: tips, 1 index to 4 little, 5 the index finger's side.
"""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.poses.anatomy import HandPose
from handseg_cli.synth.poses.limits import FOLLOWS

TABLE = """
flat       flat        0 2    0 2    0 2    0 2     3 0 -4 -9      12 34 0 2 4      -
flat       wide        -6 0    -6 0    -6 0    -8 0    6 0 -7 -14   5 46 0 0 -4     -
flat       resting     4 12   4 14   6 15   6 14    4 0 -5 -11     22 32 0 8 10     -
flat       lowered     30 4   30 4   32 4   34 4    2 0 -4 -8      30 30 0 8 8      -
spread     spread      -8 0    -8 0    -8 0    -10 0   14 2 -11 -24  4 50 -6 -3 -6   -
spread     fan         0 6     -2 8    -2 8    0 8     18 4 -12 -28  14 52 0 4 4     -
spread     star        -15 0   -15 0   -15 0   -18 0   19 3 -13 -31  0 54 -10 -5 -10  -
together   together    -2 0    -2 0    -2 0    -2 0    -6 0 6 10    2 10 0 0 2      -
together   blade       2 2     0 2     2 2     2 2     -6 0 6 10    60 16 4 22 20   -
together   salute      4 6     4 8     5 8     6 8     -6 0 6 10    20 12 0 12 18   -
stop       stop        -12 0  -12 0  -12 0  -12 0   0 0 -1 -3      0 28 -4 0 -4     -
relaxed    relaxed     14 20  20 28  25 32  28 30   4 0 -4 -8      32 28 0 12 16    -
relaxed    hanging     18 30  25 36  30 40  34 38   3 0 -3 -6      38 24 0 16 20    -
relaxed    loose       6 14   12 22  18 30  24 34   5 0 -5 -10     25 34 0 8 12     -
relaxed    limp        28 16  32 20  35 24  36 24   2 0 -3 -6      40 20 4 14 18    -
relaxed    waking      2 26   8 32   12 34  16 30   6 0 -5 -12     28 36 0 10 24    -
relaxed    half_open   34 38  38 44  42 48  44 46   3 0 -3 -7      48 32 4 16 22    -
cup        cup         38 24  40 26  44 28  48 28   -3 0 3 6       50 30 4 14 18    -
cup        bowl        24 30  28 32  32 34  36 34   4 0 -2 -6      55 42 4 8 14     -
cup        scoop       28 10  28 10  30 12  32 12   -4 0 4 8       18 14 0 10 14    -
claw       claw        -10 68 -10 72 -8 72  -6 66   10 2 -8 -18    45 48 0 4 48     -
claw       rake        -14 48 -14 50 -12 50 -12 46  14 2 -11 -24   30 54 0 -4 34    -
claw       spider      22 44  20 48  22 48  26 44   14 2 -10 -24   62 50 4 4 30     -
fist       fist        80 98   84 102  86 102  86 94   2 0 -3 -7    78 40 18 34 44  -
fist       loose_fist  62 84   66 90   70 92   70 86   3 0 -3 -7    76 44 18 28 38  -
fist       thumb_side  80 96  84 100 86 100 86 92   2 0 -3 -7      22 16 -10 4 10   -
fist       punch       86 102  88 104  89 104  90 98   1 0 -2 -6    84 38 20 42 52  -
fist       knock       74 104  80 104  84 104  86 98   2 0 -3 -7    76 38 18 36 46  -
point      point       -2 4    76 96   82 100  84 92   2 0 -3 -7    76 38 18 36 44  -
point      point_loose 10 14   55 70   62 78   66 74   4 0 -3 -7    66 38 12 26 34  -
point      gun         -2 2    76 96   82 100  84 92   2 0 -3 -7    -2 46 -10 -2 -6  -
point      press       34 22   60 70   66 76   68 72   2 0 -3 -7    68 38 12 28 34  -
point      wag         -8 0    66 90   74 96   76 90   2 0 -3 -7    76 36 18 38 46  -
thumb_up   thumb_up    78 98   82 102  84 102  84 94   2 0 -3 -7    -8 42 -14 -4 -12  -
thumb_up   hitch       66 88   72 94   76 96   78 90   3 0 -3 -7    -4 50 -14 -5 -16  -
peace      peace       -4 0    -6 0    76 96   80 90   14 -6 -3 -7  78 36 18 38 44  -
peace      peace_loose 4 12    2 14    60 78   64 74   12 -4 -3 -7  70 36 14 30 36  -
peace      scissors    8 4     6 4     72 92   76 88   8 -3 -3 -7   78 36 18 38 44  -
ok         ok          50 50  10 12  0 10   -5 6    2 0 -7 -16     75 40 5 15 30    1
ok         ok_wide     42 58  4 16   -4 12  -10 8   4 0 -8 -20     70 44 5 8 34     1
call       call        74 94   80 100  78 96   -2 4    2 0 -4 -24   0 50 -12 -4 -8  -
rock       rock        -2 4    76 98   78 98   2 6     6 0 -3 -14   78 36 18 38 44  -
rock       love        -2 4    76 98   78 98   2 6     8 0 -3 -16   2 50 -10 -3 -6  -
crossed    crossed     10 8    20 10   76 94   80 90   -8 9 -3 -7   76 34 18 38 44  -
crossed    crossed_up  4 4     16 6    70 90   76 88   -7 8 -3 -7   76 34 18 38 44  -
count      one         -4 2    76 98   82 100  84 92   2 0 -3 -7    76 38 18 36 44  -
count      one_thumb   76 96   80 100  84 100  84 92   2 0 -3 -7    -4 47 -12 -4 -10  -
count      two         -5 0    -6 0    76 98   80 90   13 -5 -3 -7  78 36 18 38 44  -
count      two_thumb   -4 2    74 94   80 98   82 92   5 0 -3 -7    0 48 -10 -3 -6  -
count      three       -6 0    -7 0    -4 2    66 74   14 1 -11 -9  80 34 14 34 36  4
count      three_thumb -5 0    -6 2    74 94   80 90   13 -4 -3 -7  2 48 -10 -3 -6  -
count      four        -7 0   -8 0   -7 0   -8 0    13 2 -9 -22    62 24 6 42 42    -
count      five        -8 0    -8 0    -8 0    -10 0   14 2 -10 -24  4 50 -6 -3 -6   -
typing     home        20 38  16 44  18 42  22 34   5 0 -4 -10     42 34 0 6 14     -
typing     index_down  36 28  12 42  14 42  20 34   4 0 -4 -10     44 34 0 6 12     -
typing     middle_down 14 40  32 32  16 42  20 34   5 0 -4 -10     42 34 0 6 14     -
typing     stretched   4 20   8 40   12 40  8 20    14 2 -6 -20    38 40 0 4 10     -
typing     mouse       12 18  14 20  26 34  30 36   6 -2 -6 -12    40 38 0 10 16    -
piano      rest        26 34  24 38  24 36  26 30   5 0 -5 -12     34 38 0 4 10     -
piano      octave      10 22  14 30  14 28  6 14    16 3 -10 -28   12 56 0 0 6      -
piano      chord       34 26  18 40  34 30  16 28   10 1 -7 -18    30 46 0 8 12     -
piano      thumb_under 26 36  26 38  26 36  26 32   4 0 -4 -10     70 26 6 26 24    -
cylinder   slim        62 78  66 82  70 84  72 78   3 0 -3 -6      68 42 0 16 30    -
cylinder   bottle      40 52  42 56  46 58  48 54   4 0 -4 -8      66 48 2 8 22     -
cylinder   glass       30 38  32 42  34 44  36 40   6 1 -5 -11     64 52 4 2 16     -
cylinder   handle      70 88  74 92  78 92  80 86   2 0 -3 -7      58 40 -6 20 34   -
sphere     ball        32 36  32 38  34 38  38 36   12 2 -9 -22    66 50 6 2 18     -
sphere     small_ball  48 48  48 52  52 52  54 48   6 1 -5 -12     74 44 6 8 24     -
sphere     big_ball    10 26  8 28   10 28  14 26   16 3 -12 -28   50 58 4 -2 10    -
pinch      pinch       46 44  40 32  36 26  28 22   2 0 -3 -8      78 36 2 14 20    1
pinch      tip_pinch   46 50   44 52   46 50   48 44   3 0 -3 -7    76 38 2 14 34   1
pinch      pad_pinch   52 20  50 22  48 26  46 28   2 0 -3 -7      78 32 2 16 6     1
pinch      three_tips  48 42  48 44  44 40  40 34   -2 0 -2 -6     84 38 8 12 20    1 2
pinch      middle_tip  26 22  52 46  44 40  38 34   5 0 -3 -7      84 36 8 16 22    2
pinch      purse       50 44  50 46  52 46  56 46   -4 0 4 8       90 34 10 16 20   1 2
tripod     pen         42 48  46 56  54 66  58 64   0 0 -2 -6      72 34 2 18 30    -
tripod     pencil      48 38  50 50  60 72  64 68   -1 0 -2 -6     76 32 4 20 22    -
tripod     brush       36 40  40 44  48 56  52 56   0 0 -2 -6      70 38 2 12 26    -
tripod     chopsticks  36 34  42 40  58 60  62 60   1 0 -2 -6      66 30 0 22 24    -
key        key         52 70  60 78  66 82  68 78   3 0 -3 -7      40 24 -8 16 22   5
key        card        44 56  50 64  56 68  58 66   4 0 -3 -7      38 26 -8 12 12   5
key        coin        48 64  58 74  64 80  66 76   3 0 -3 -7      42 22 -6 20 28   5
hook       hook        4 84   4 88   4 88   6 80    2 0 -3 -6      20 16 -6 10 16   -
hook       bag         30 84  32 88  36 88  38 82   2 0 -3 -7      40 22 -4 18 26   -
hook       rail        16 66  18 70  20 70  22 64   4 0 -3 -8      16 22 -6 8 12    -
disc       disc        18 40  16 44  18 44  22 40   13 2 -10 -24   48 54 2 0 26     -
disc       lid         30 52  28 56  30 56  34 52   9 1 -7 -18     58 48 2 4 34     -
disc       dial        50 54  50 58  54 60  58 56   5 0 -4 -10     74 40 4 10 34    -
plate      plate       58 8   56 8   56 8   58 8    3 0 -4 -9      74 44 6 2 4      -
plate      book        64 24  64 26  66 26  66 24   4 0 -4 -9      66 44 4 6 10     -
plate      tray        10 6   8 6    8 6    10 6    8 1 -7 -16     10 50 -4 0 0     -
plate      sheet       62 14  62 16  64 18  64 18   1 0 -2 -6      78 34 4 14 8     -
plate      phone       40 44  42 48  46 50  48 48   4 0 -4 -8      36 42 -6 6 16    -
sign       a           82 98  84 102 86 102 86 94   2 0 -3 -7      20 14 -10 2 4    -
sign       b           -2 0   -2 0   -2 0   -2 0    -4 0 4 8       64 20 6 44 46    -
sign       c           34 46  34 48  36 48  38 46   -2 0 2 5       80 50 8 2 26     -
sign       d           -2 4   54 50  56 54  60 54   2 0 -3 -7      84 36 8 12 24    2
sign       e           28 98   30 102  32 102  34 96   1 0 -2 -5    78 30 16 42 48  -
sign       f           50 50  4 6    -4 4   -8 2    3 0 -7 -17     75 40 5 15 30    1
sign       g           26 4   76 98  82 100 84 92   2 0 -3 -7      46 26 -4 6 4     -
sign       h           4 2     4 2     76 98   80 90   -3 0 -3 -7   78 36 18 38 44  -
sign       i           76 96   80 100  76 94   -2 2    2 0 -3 -12   78 36 18 38 44  -
sign       k           -2 2   42 6   76 96  80 90   8 -2 -3 -7     58 26 0 6 6      -
sign       l           -4 2    76 98   82 100  84 92   5 0 -3 -7    2 52 -10 -4 -6  -
sign       m           74 66   74 66   74 66   82 94   1 0 -2 -6    74 26 12 40 36  -
sign       n           74 66   74 66   84 98   84 92   1 0 -2 -6    70 28 10 36 36  -
sign       o           50 46  50 48  52 48  54 46   -4 0 4 8       85 40 10 18 22   1 2
sign       r           10 8    20 8    76 96   80 90   -8 9 -3 -7   78 36 18 38 44  -
sign       s           82 100  84 102  86 102  86 94   2 0 -3 -7    80 38 20 38 48  -
sign       t           70 74   82 100  84 100  84 92   4 -1 -3 -7   48 26 0 16 20   -
sign       u           -2 0    -2 0    76 98   80 90   -4 0 -3 -7   78 36 18 38 44  -
sign       v           -4 0    -6 0    76 98   80 90   14 -6 -3 -7  78 36 18 38 44  -
sign       w           -6 0   -7 0   0 4    66 76   13 1 -10 -9    92 44 20 44 36   4
sign       x           12 92   76 98   82 100  84 92   2 0 -3 -7    78 36 18 38 44  -
sign       y           76 96   80 100  78 96   -2 4    2 0 -4 -24   2 50 -12 -4 -8  -
number     zero        50 46  50 48  52 48  54 46   -4 0 4 8       85 40 10 18 22   1
number     six         -6 0   -6 2   0 6    66 64   12 0 -9 -10    96 44 20 42 34   4
number     seven       -6 0   -6 2   56 52  0 6     11 2 -5 -18    84 38 10 20 28   3
number     eight       -6 0   54 50  2 6    -6 2    12 0 -8 -20    82 38 8 14 26    2
number     nine        50 50  4 6    -4 4   -8 2    3 0 -7 -17     75 40 5 15 30    1
number     ten         78 98   82 102  84 102  84 94   2 0 -3 -7    -8 44 -14 -4 -14  -
"""


def _read(line: str) -> tuple[str, str, HandPose]:
    family, name, *words = line.split()
    angles, touching = np.array(words[:17], np.float64), words[17:]
    bent = angles[:8].reshape(4, 2)
    flexion = np.column_stack([bent, FOLLOWS * bent[:, 1]])
    fingers = tuple(int(word) for word in touching if word != "-")
    return family, name, HandPose(flexion, angles[8:12], angles[12:17], np.zeros(2), fingers)


# Family -> name -> pose, all with a straight wrist.
POSES: dict[str, dict[str, HandPose]] = {}
for _family, _name, _pose in map(_read, TABLE.strip().splitlines()):
    POSES.setdefault(_family, {})[_name] = _pose
FAMILIES = tuple(POSES)

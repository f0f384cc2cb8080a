"""What the help of each command ends with: examples, names and exit codes."""

from __future__ import annotations

# "\b" keeps Typer from joining the lines that follow.
PREDICT_NOTES = """
\b
Examples:
  handseg predict photos                              masks beside the photos
  handseg predict photos -r -o masks                  the whole tree, mirrored under masks/
  handseg predict a.jpg --kind mask --kind overlay    a.jpg.png and a.jpg.overlay.jpg
  find . -name '*.jpg' -print0 | handseg predict --files0-from -
  handseg predict - < a.jpg > mask.png
  handseg predict clip.mp4 --frames -o frames
  handseg predict photos --task pose --model runs/pose/best.safetensors    a.jpg.json: 21 joints of each hand
  handseg predict photos --task hands3d --model digit.safetensors --kind parts      two hands that touch, part by part

\b
Names:
  mask         image.jpg.png               8-bit grey, 255 on hands
  probability  image.jpg.probability.png   8-bit grey, 255 for certainty
  overlay      image.jpg.overlay.jpg       the photo with its hands tinted
  cutout       image.jpg.cutout.png        the hands alone, the rest transparent
  sides        image.jpg.sides.png         8-bit palette: 0 no hand, 1 left, 2 right, 3 of unknown side
  pose         image.jpg.json              joints of each hand; of a video clip.mp4.jsonl, a line for each frame
  parts        image.jpg.parts.png         8-bit palette: 0 no hand, 1-16 parts of a right one, 17-32 of a left one
  of a video   clip.mp4.mkv                or with --frames the folder clip.mp4.frames

A mask that is up to date is skipped, one made with other weights or settings, or from a photo that has changed
since, is redone. A file handseg did not write is never replaced without --overwrite. Interrupted? Run it again.

\b
Exit codes:
  0    all done, now or before
  1    some inputs failed (see --fail-on)
  2    the command line makes no sense
  3    no photo was found
  4    cannot start: weights, a device or a package is missing
  5    the disk is full
  130  interrupted (143: terminated, 141: the reader of stdout went away)
"""

STATUS_NOTES = """
\b
Examples:
  handseg status m.jsonl                              what `handseg predict ... --manifest m.jsonl` has done so far
  handseg status shard-*.jsonl -i photos -r           of all shards together, and what is missing of the tree
  handseg status manifests --json | jq .seconds_left

A photo counts once, by its last record; one that another run was at, only where nothing else is known of it.
A rate is of what has been done since the last pause of five minutes.

\b
Exit codes:
  0    all done
  1    something failed, is missing or is in work, or a manifest is not there
  2    the command line makes no sense
  3    there is no record yet
  4    a manifest cannot be read
"""

DOWNLOAD_NOTES = """
\b
Examples:
  handseg download-datasets                     the four hand mask datasets, after you agree to their terms
  handseg download rhd --dry-run                what would be fetched, from where, under which licence
  handseg download egohands --yes               without asking, as in cron
  handseg download hof --from hand_over_face_corrected.tar.gz

Exits with 1 if something could not be had; run it again and it goes on where it stopped.
"""

PREPARE_NOTES = """
\b
Examples:
  handseg prepare egohands eyth hof gtea        what `handseg download-datasets` has fetched
  handseg prepare folder --raw my_photos        images/ and masks/, or a.jpg beside a.jpg.png
  handseg show prepared/egohands.h5             what is in it

It can be interrupted: run it again and it goes on. The same input makes the same file, byte for byte.
"""

SYNTH_NOTES = """
\b
Examples:
  handseg synth hands.h5 --count 20000                for handseg train RUN --datasets hands.h5
  handseg synth look --layout files --count 64        photos, masks, parts, depth and joints to look at
  handseg synth hands.h5 --style ego=3 --style sign   three in four as seen by who has the hands
  handseg synth rhd --layout rhd                      RHD's folders, for code that reads those
  handseg synth ih --layout interhand                 InterHand2.6M's folders, with DIGIT's part masks

It can be interrupted: run it again and it goes on. The same settings make the same bytes on one machine, whatever
the number of processes. It needs the extra `synth`; OpenGL also EGL, which comes with a GPU's driver or with Mesa.

\b
Exit codes:
  0    all photos are there
  2    the command line makes no sense
  4    a folder, an asset or a package is missing, or OUT cannot be written
  5    the disk is full, or will be
"""

TRAIN_NOTES = """
\b
Examples:
  handseg train runs/lite                                          the embedded net on the first four datasets
  handseg train runs/mine --datasets eyth,eh=0.5,my.h5 --epochs 30
  handseg train runs/seed --preset seed-deeplab                    a published recipe, its defects mended
  handseg train runs/all --datasets hands.h5 --loss bce,dice=0.5,arm=0.5,side=0.2   arms and sides, too
  handseg train runs/lite --resume                                 go on where it stopped
  torchrun --nproc-per-node 2 -m handseg_cli train runs/lite       on two GPUs

\b
In RUN:
  best.safetensors    the best model so far: handseg predict photos --model RUN/best.safetensors
  last.safetensors    all that --resume needs
  config.json, environment.json, log.jsonl, events.out.tfevents..., curves.png, examples/

Ctrl-C saves and ends with 130, SIGTERM with 143; --resume goes on as if nothing had been.
"""

FINETUNE_NOTES = """
\b
Examples:
  handseg finetune my_photos runs/mine                      ten pairs help already, in minutes, on a laptop
  handseg predict photos --model runs/mine/best.safetensors
  handseg finetune my_photos runs/mine --freeze norms       let the encoder learn, too: for hundreds of photos
"""

EVAL_NOTES = """
\b
Examples:
  handseg eval --datasets egohands,eyth,hof,gtea                   the embedded model on what is prepared
  handseg eval lite runs/mine/best.safetensors -d egohands --split val --split test
  handseg eval lite -d my_photos --html report.html                images/ and masks/, as they are
  handseg eval masks -d my_photos                                  masks that something else has made
  handseg eval runs/seed/best.safetensors -d egohands --protocol seed
  handseg eval runs/pose/best.safetensors --task pose -d rhd,hands.h5 --html report.html    joints in 2D and 3D
  handseg eval runs/pose/best.safetensors --task pose -d rhd --given hands                   the true hands shown
  handseg eval runs/digit/best.safetensors --task hands3d -d interhand --given hands          two hands at once

\b
Exit codes:
  0    all photos were judged
  1    some could not be: they are named, counted, and in no figure
  2    the command line makes no sense
  4    a dataset, weights or a package is missing
"""

HELP = "Masks of the hands in photos: folders in, masks out, fast and unattended."

NOTES = """
\b
Begin with:
  handseg predict photos      write a mask beside each photo
  handseg predict --help      inputs, outputs, names and exit codes
  handseg doctor              check this installation
"""

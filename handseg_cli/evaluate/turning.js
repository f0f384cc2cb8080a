"use strict";
(() => {
  const FINGERS = [0, 1, 2, 3, 4].map(finger => [0, 1, 2, 3, 4].map(place => place && 4 * finger + place));
  const hands = JSON.parse(document.getElementById("data").textContent).hands;
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name);

  // Middle and reach of all joints, so that a hand stays where it is and in view however it is turned.
  function frame(hand) {
    const joints = [...hand.truth, ...hand.found].filter(Boolean);
    const middle = [0, 1, 2].map(axis => joints.reduce((sum, joint) => sum + joint[axis], 0) / joints.length);
    const reach = Math.max(1, ...joints.map(joint => Math.hypot(...joint.map((value, axis) => value - middle[axis]))));
    return { middle, reach };
  }

  // First about the axis that points up, then about the one to the right: x to the right, y down, z away.
  function turned(joint, { middle }, { turn, lift }) {
    const [x, y, z] = joint.map((value, axis) => value - middle[axis]);
    const across = x * Math.cos(turn) + z * Math.sin(turn), away = z * Math.cos(turn) - x * Math.sin(turn);
    return [across, y * Math.cos(lift) - away * Math.sin(lift), y * Math.sin(lift) + away * Math.cos(lift)];
  }

  function draw(canvas, hand, box, view) {
    const side = Math.max(1, Math.round(canvas.clientWidth * (window.devicePixelRatio || 1)));
    canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d"), scale = 0.46 * side / box.reach, bones = [];
    const place = joint => [side / 2 + scale * joint[0], side / 2 + scale * joint[1], joint[2]];
    for (const [joints, own] of [[hand.truth, null], [hand.found, true]]) {
      const places = joints.map(joint => joint && place(turned(joint, box, view)));
      // One hand, or one after the other.
      for (let wrist = 0; wrist < places.length; wrist += 21) FINGERS.forEach((finger, number) => finger.slice(1).forEach((end, at) => {
        const [from, to] = [places[wrist + finger[at]], places[wrist + end]];
        if (from && to) bones.push({ from, to, far: from[2] + to[2], colour: own ? colour(`--f${number}`) : colour("--bone"), own });
      }));
    }
    pen.lineCap = "round";
    // The nearest last.
    for (const bone of bones.sort((one, other) => other.far - one.far)) {
      pen.globalAlpha = Math.min(1, Math.max(0.35, 0.75 - bone.far / (4 * box.reach)));
      pen.strokeStyle = bone.colour;
      pen.lineWidth = side / (bone.own ? 85 : 110);
      pen.beginPath();
      pen.moveTo(bone.from[0], bone.from[1]);
      pen.lineTo(bone.to[0], bone.to[1]);
      pen.stroke();
    }
  }

  for (const canvas of document.querySelectorAll("canvas.hand")) {
    const hand = hands[Number(canvas.dataset.hand)], box = frame(hand), view = { turn: 0, lift: 0 };
    const redraw = () => draw(canvas, hand, box, view);
    const change = (turn, lift) => {
      view.turn += turn;
      view.lift += lift;
      redraw();
    };
    const reset = () => change(-view.turn, -view.lift);
    let last = null;
    canvas.addEventListener("pointerdown", event => {
      last = [event.clientX, event.clientY];
      try { canvas.setPointerCapture(event.pointerId); } catch { /* a pointer that is no more */ }
    });
    canvas.addEventListener("pointermove", event => {
      if (!last) return;
      change((event.clientX - last[0]) / 90, (event.clientY - last[1]) / 90);
      last = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
    canvas.addEventListener("dblclick", reset);
    canvas.addEventListener("keydown", event => {
      const step = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] }[event.key];
      if (step) change(...step);
      else if (event.key === "Home") reset();
      else return;
      event.preventDefault();
    });
    new ResizeObserver(redraw).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    redraw();
  }
})();

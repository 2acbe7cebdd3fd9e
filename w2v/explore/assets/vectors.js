// The vectors: look-up, neighbours, completion, places on the map.

class Vectors {
  /** One file: its `facts`, `codes` (V x D integers) and `lengths` of the vectors. */
  constructor(facts, codes, lengths) {
    Object.assign(this, facts);
    this.codes = codes;
    this.lengths = lengths;
    this.ids = new Map(facts.words.map((word, id) => [word, id]));
    this.lower = facts.words.map(word => word.toLowerCase());
    this.places = new Map();
    this.scales = new Float32Array(facts.words.length);  // 1 / length of each row of codes
    for (let id = 0, i = 0; id < this.scales.length; id++) {
      let square = 0;
      for (const end = i + this.size; i < end; i++) square += codes[i] * codes[i];
      this.scales[id] = square ? 1 / Math.sqrt(square) : 0;
    }
  }

  static async load(facts, number) {
    const codes = await unpack("codes-" + number);
    const lengths = await unpack("lengths-" + number);
    const Codes = facts.bytes === 1 ? Int8Array : Int16Array;
    return new Vectors(facts, new Codes(codes), new Float32Array(lengths));
  }

  unit(id) {
    const begin = id * this.size;
    return Float32Array.from(this.codes.subarray(begin, begin + this.size),
                             code => code * this.scales[id]);
  }

  /** The sum of the positive minus the negative unit vectors (3CosAdd), scaled to length 1. */
  sum(positive, negative) {
    const total = new Float32Array(this.size);
    for (const [words, sign] of [[positive, 1], [negative, -1]])
      for (const word of words) {
        const unit = this.unit(this.ids.get(word));
        for (let i = 0; i < this.size; i++) total[i] += sign * unit[i];
      }
    const length = Math.hypot(...total) || 1;
    return total.map(number => number / length);
  }

  /** The `count` words nearest to a vector by cosine, the nearest first; ties go to the lower id.
   *  Leaves out a set of words, and those for which `allowed(word)` is false. Searches the first
   *  `among` words. */
  nearest(query, leftOut, count, allowed, among = this.words.length) {
    const best = [];
    const {codes, scales, size, words} = this;
    for (let id = 0, i = 0; id < among; id++) {
      let dot = 0;
      for (let j = 0; j < size; j++, i++) dot += codes[i] * query[j];
      const cosine = dot * scales[id];
      if (best.length === count && cosine <= best[count - 1].cosine) continue;
      if (leftOut.has(words[id]) || (allowed && !allowed(words[id]))) continue;
      let place = best.length;
      while (place > 0 && best[place - 1].cosine < cosine) place--;
      best.splice(place, 0, {id, word: words[id], cosine});
      if (best.length > count) best.pop();
    }
    return best;
  }

  /** The place of a word on the map, [x, y]. A word that the map was not computed from is projected
   *  (PCA), or placed at the mean of its three nearest words on the map (UMAP and t-SNE). */
  point(id) {
    if (id < this.points[0].length) return [this.points[0][id], this.points[1][id]];
    if (!this.places.has(id)) this.places.set(id, this.placed(this.unit(id)));
    return this.places.get(id);
  }

  placed(unit) {
    if (this.axes)
      return this.axes.map(axis =>
        axis.reduce((total, number, i) => total + number * (unit[i] - this.center[i]), 0));
    const near = this.nearest(unit, new Set(), 3, undefined, this.points[0].length);
    return this.points.map(numbers =>
      near.reduce((total, {id}) => total + numbers[id], 0) / near.length);
  }

  /** Words that start with a text (ignoring case), then words that contain it; frequent first. */
  complete(text, count) {
    if (!text) return [];
    const typed = text.toLowerCase();
    const inside = [], found = this.ids.has(text) ? [text] : [];
    for (let id = 0; id < this.words.length && found.length < count; id++) {
      const at = this.lower[id].indexOf(typed);
      if (at === 0 && this.words[id] !== text) found.push(this.words[id]);
      else if (at > 0 && inside.length < count) inside.push(this.words[id]);
    }
    return found.concat(inside).slice(0, count);
  }

  /** Up to three words spelt like an unknown one. */
  similar(word) {
    const typed = word.toLowerCase();
    const near = [], most = typed.length < 5 ? 1 : 2;
    for (let id = 0; id < this.words.length; id++) {
      const distance = editDistance(typed, this.lower[id], most);
      if (distance <= most) near.push({word: this.words[id], distance});
    }
    return near.sort((a, b) => a.distance - b.distance).slice(0, 3).map(entry => entry.word);
  }
}

/** Levenshtein distance; any number above `most` if the distance exceeds it. */
function editDistance(a, b, most) {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1])));
    if (Math.min(...next) > most) return most + 1;
    row = next;
  }
  return row[b.length];
}

/** Parse a query: words to add and subtract, as in "king - man + woman" or "king-man+woman", one
 *  word, or two words to compare. `spelled` gives a word as the vocabulary spells it, or undefined.
 *  Throws an Error with a message for the reader. Must agree with w2v.query. */
function parse(text, spelled) {
  const whole = text.trim();
  const isKnown = token => spelled(token) !== undefined;
  const tokens = isKnown(whole) ? [whole]
    : whole.split(/\s+/).filter(Boolean).flatMap(part => splitSigns(part, isKnown));
  if (!tokens.length) throw new Error("Type a word.");
  const words = tokens.map(token => spelled(token) ?? token);
  if (words.length === 2 && !words.some(isSign))
    return {positive: words, negative: [], isSimilarity: true};
  const positive = [], negative = [];
  let into = positive;  // null if a sign must come next
  let afterSign = false;
  words.forEach((word, i) => {
    // "-" may be a word of the corpus. It counts as one where a word may stand and none follows.
    const isWord = into && isKnown(word) && isSign(tokens[i + 1] ?? "+");
    if (isSign(word) && !isWord) {
      if (afterSign) throw new Error(`“${word}” follows a sign; a word must come between.`);
      into = word === "+" ? positive : negative;
      afterSign = true;
    } else if (into) {
      into.push(word);
      into = null;
      afterSign = false;
    } else throw new Error(`“${word}” follows a word; + or − must come between.`);
  });
  if (into) throw new Error("A word must follow + or − at the end.");
  return {positive, negative, isSimilarity: false};
}

/** Longest word to look for in a text without blanks, as in w2v.query. */
const LONGEST_PART = 100;

const isSign = token => /^[+\-−]$/.test(token);

/** Split "king-man+woman" into words and signs. A known word stays whole, and a text is split only if
 *  all its parts are known, so that a misspelt "well-knwon" stays whole too. */
function splitSigns(text, isKnown) {
  if (isKnown(text)) return [text];
  // From the right, so that no place is looked at twice.
  const ends = [];  // where the part that begins at a place ends
  const good = new Set([text.length]);  // places from which on all parts are signs or known words
  for (let begin = text.length - 1; begin >= 0; begin--) {
    const sign = isSign(text[begin]);
    if (begin && !sign && !isSign(text[begin - 1])) continue;  // inside a word
    // The longest known word first; one that begins with a sign takes all that is left.
    let end = Math.min(begin + LONGEST_PART, text.length);
    while (end > begin && !(good.has(end)
      && (end === text.length || (isSign(text[end]) && !sign)) && isKnown(text.slice(begin, end)))) end--;
    const isWord = end > begin;
    ends[begin] = isWord ? end : sign ? begin + 1 : text.length;
    if ((isWord || sign) && good.has(ends[begin])) good.add(begin);
  }
  const parts = [];
  for (let begin = 0; begin < text.length; begin = ends[begin]) parts.push(text.slice(begin, ends[begin]));
  return parts;
}

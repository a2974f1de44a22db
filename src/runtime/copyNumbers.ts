/** Adds as many numbers to a total. */
export function addNumbers(total: Float64Array, numbers: Float32Array | Float64Array): void {
  if (numbers instanceof Float32Array) addSingles(total, numbers);
  else addDoubles(total, numbers);
}

/** Copies as many numbers, rounding them where the target holds float32: `set` takes three times as long for that. */
export function copyNumbers(target: Float32Array | Float64Array, numbers: Float32Array | Float64Array): void {
  if (target instanceof Float32Array && numbers instanceof Float64Array) roundDoubles(target, numbers);
  else if (target instanceof Float64Array && numbers instanceof Float32Array) widenFloat32(target, numbers);
  else target.set(numbers);
}

// Four at a time: that is twice as fast as one at a time.
function roundDoubles(target: Float32Array, numbers: Float64Array): void {
  const whole = numbers.length - (numbers.length % 4);
  for (let i = 0; i < whole; i += 4) {
    target[i] = numbers[i]!;
    target[i + 1] = numbers[i + 1]!;
    target[i + 2] = numbers[i + 2]!;
    target[i + 3] = numbers[i + 3]!;
  }
  for (let i = whole; i < numbers.length; i++) target[i] = numbers[i]!;
}

function widenFloat32(target: Float64Array, numbers: Float32Array): void {
  for (let i = 0; i < numbers.length; i++) target[i] = numbers[i]!;
}

// One loop for each type of array: a loop that has met both is several times slower, and there are millions of numbers.
function addSingles(total: Float64Array, numbers: Float32Array): void {
  for (let i = 0; i < numbers.length; i++) total[i]! += numbers[i]!;
}

function addDoubles(total: Float64Array, numbers: Float64Array): void {
  for (let i = 0; i < numbers.length; i++) total[i]! += numbers[i]!;
}

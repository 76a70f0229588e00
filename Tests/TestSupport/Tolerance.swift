import Foundation

/// ||a - b|| / ||b|| in double precision; infinite where the counts differ or anything is not a number.
package func relativeDifference(_ actual: [Float], _ expected: [Float]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  var difference = 0.0
  var norm = 0.0
  for (a, b) in zip(actual, expected) {
    difference += pow(Double(a) - Double(b), 2)
    norm += Double(b) * Double(b)
  }
  let result = norm == 0 ? difference.squareRoot() : (difference / norm).squareRoot()
  return result.isNaN ? .infinity : result
}

/// The largest |a - b|; infinite where the counts differ or anything is not a number.
package func largestDifference(_ actual: [Float], _ expected: [Float]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  var largest = 0.0
  for (a, b) in zip(actual, expected) {
    let difference = abs(Double(a) - Double(b))
    if difference.isNaN { return .infinity }
    largest = max(largest, difference)
  }
  return largest
}

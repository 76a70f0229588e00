import PairData

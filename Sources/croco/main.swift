print("croco")

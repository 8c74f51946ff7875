"""What happens to a claim: facts, checks, the policy that pays, every part of every amount."""

"""The process reward model. Torch starts here and lives nowhere else.

episode --encode--> token ids --backbone--> hidden states --heads--> q_t, V_t
"""

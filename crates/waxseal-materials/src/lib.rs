//! Encryption and decryption materials, keyrings, master key providers and materials managers

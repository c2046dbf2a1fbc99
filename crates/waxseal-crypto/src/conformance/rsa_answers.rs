//! RSA answers, made with OpenSSL for a key that serves tests alone.

use crate::RsaPadding;

/// A private key of 2048 bits, PKCS#8.
pub(super) const PRIVATE_2048: &[u8] = include_bytes!("rsa_answers/private-2048.pem");

/// The public half of [`PRIVATE_2048`].
pub(super) const PUBLIC_2048: &[u8] = include_bytes!("rsa_answers/public-2048.pem");

/// A private key of 1024 bits, PKCS#8: too short for use.
pub(super) const PRIVATE_1024: &[u8] = include_bytes!("rsa_answers/private-1024.pem");

/// The public half of [`PRIVATE_1024`].
pub(super) const PUBLIC_1024: &[u8] = include_bytes!("rsa_answers/public-1024.pem");

/// The bytes `00` to `1f`, wrapped for [`PUBLIC_2048`] in every padding.
pub(super) const WRAPPED: [(RsaPadding, &str); 5] = [
    (
        RsaPadding::Pkcs1v15,
        "411ced74da088b6abc7851e3af765b4271beff5a9a8c1763220fbd115ee7010d92607ab2818d8a0193cef584db9eeaea
        b25fae3fb18b3def34f17e971e1912ebd3f161e3835fb10f10480854922624c96e85b252c799a41f6319bfed4d4bfc56
        413d45f29c0b2878567ccd4a80d7f9610b462768249ef58ac1f615383d2648f05a293b64ff0823b4647ece1b5c3e616b
        548efcc05fd1e381a566f41f28a593d6c55e14e49bd10066de07039b0767a61b6ae32d6598567561346b50a0af241893
        3c70107d5abba84a45131b6a2092be8ea7267cdb5a8704202aea20e5e14750891709b0785039a154f78dd3f98f5e0a4a
        a0cf150dbef316d316363030878f49e9",
    ),
    (
        RsaPadding::OaepSha1,
        "2d3bda387dc9c6478c26ce8e845a3ddcb720dad70fd067ecb8eff361c89134aaee68d8bd458321144f2bf27e902e27a7
        8206c8f65dde50a1d2fb35b31e4a6dc39d503e67579ddee4a2522fbde13ecfb0ca788fa6f47ee547bcb6b79091d9a3c3
        f0a51df929b5d2d024a883a46d453484db39a3ed1fbb6988e2975150b3145c3a297915ddedefc066754b8766a1697a0a
        2375001bdc8da858f119d1cea8ed70886e255051f8cb347a2f19fcd5fc215dcd65087858c4584eb217bc4b1ba8f7a020
        729e5c5ce849415ce9eb1fb54713bc7f45f05c27f0e48a08b22e62c9f1db51c556734afbb7988f44bd18183344816f3a
        5302b788959064fc6ba52362c4a46183",
    ),
    (
        RsaPadding::OaepSha256,
        "739ad4641aed7361337ad9e29e68662c5fc08a86ba89ec54989346aa405f0b6f936e1d7b595dbbf116ad58d674f9e011
        04dab4a67986ec2ae5e1ef7644b50feacee5e27732e06f0c238280f37e8732a5dbd7de291572982cd8aff1bc91d8faa4
        dc592cd34e34e2d570e62bcd8c97420c9c8bfb7b3913199b8635a273f6eb7418f479045d34ee1d3cc1fbea4a54871f4f
        c9538e9563e1ebc04b15748bf3b08e3a8db8676d1e3b6dc4bdb944ccd931a3d140be793dc844d8addf01d063c9ef9366
        f07f21c1a153040ae42d2fc916fa52a8ca280974977cdf07cc5f5c3745dc807c67abee2f7299cebaa6542db4e5da0e96
        f4746c2d052e392d7747090d606c8864",
    ),
    (
        RsaPadding::OaepSha384,
        "105e395a242557710230df090a8c11a1750c4d37071897e77af318679cabbde0d181e9043f574e992f924dd555c323b3
        0f36893505a68a10870d3fbc1066f0c7088ac80c9cae4cb3045c72c1c991a49fe6fc0addb41ae05b845e0bbf8f6bcb3b
        4de0ca1b6f5863c472c404a8a70419b15b9711d1a26fa1f1c689833c97fb1cdd9a5eadb34e32dbf22820e0c4c143373e
        dfe5aea74c2fe6f5fe270f9d9441fdef14f3d4c94bff66353da63834e9dd7382108103135dc70567fe133268f6fbb0d6
        00ac730ed55248b036d20219e6705fb66835622005b443f4e78ee15c1fd197900384ac6de4e08fc3ee50c9eb2574964e
        daf6e07fc85cf45fd665e282485efbec",
    ),
    (
        RsaPadding::OaepSha512,
        "0ead40389dcfeda4c28e7c478663b8a98b0f7bce254d3987c568493ef92b6ab3ae187070ae17749cf918d0a359aa7e31
        cffe824c849ccd5e3c3b5baa92ec947518455c3a5297ad7c21aaee235835883fb74f6215b13e900305aa389fabfafc15
        a54148cd26167474e911abab458e9c771c2e4a338b9bc6bf7bd5455879580bed6e1e9737fa3aa0db9f0f15b988985ef6
        483e96aba4cd41dba6e5e2c3777ef7b714d633234110db00f3ee70927cd8a3668cbac02ebd5ded6e1ce17f37f11e99f9
        3039b4cb8fbc2d64fb4533e99e5a4b52b2333a6b709039a74e8523a807c461b596715f92f59b9e2bbf278292d2373593
        80d2eca261cc28d52b7a32acc4430150",
    ),
];
